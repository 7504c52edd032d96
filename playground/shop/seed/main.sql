-- 12 categories, 3 024 products: the same ones every time.
insert into categories (slug, name)
values
  ('kitchen', 'Kitchen'), ('lighting', 'Lighting'), ('garden', 'Garden'), ('office', 'Office'),
  ('bedroom', 'Bedroom'), ('bathroom', 'Bathroom'), ('living-room', 'Living room'), ('outdoor', 'Outdoor'),
  ('bags', 'Bags'), ('stationery', 'Stationery'), ('toys', 'Toys'), ('tools', 'Tools');

with nouns (category, noun, base_price) as (
  values
    ('kitchen', 'Kettle', 39), ('kitchen', 'Chopping Board', 24), ('kitchen', 'Teapot', 32), ('kitchen', 'Bread Bin', 45),
    ('kitchen', 'Mug', 12), ('kitchen', 'Salad Bowl', 28),
    ('lighting', 'Desk Lamp', 59), ('lighting', 'Pendant Light', 89), ('lighting', 'Lantern', 35), ('lighting', 'Floor Lamp', 129),
    ('lighting', 'Wall Light', 74), ('lighting', 'Candle Holder', 16),
    ('garden', 'Watering Can', 27), ('garden', 'Planter', 34), ('garden', 'Trowel', 15), ('garden', 'Bird Feeder', 22),
    ('garden', 'Trellis', 41), ('garden', 'Seed Box', 19),
    ('office', 'Document Tray', 21), ('office', 'Monitor Stand', 49), ('office', 'Pen Pot', 11), ('office', 'Footrest', 44),
    ('office', 'Bookend', 18), ('office', 'Waste Basket', 26),
    ('bedroom', 'Bedside Table', 119), ('bedroom', 'Blanket', 64), ('bedroom', 'Clothes Stand', 82), ('bedroom', 'Mirror', 95),
    ('bedroom', 'Pillowcase', 17), ('bedroom', 'Storage Chest', 138),
    ('bathroom', 'Soap Dish', 9), ('bathroom', 'Towel Rail', 38), ('bathroom', 'Bath Mat', 23), ('bathroom', 'Laundry Hamper', 53),
    ('bathroom', 'Toothbrush Holder', 13), ('bathroom', 'Shelf', 47),
    ('living-room', 'Side Table', 99), ('living-room', 'Cushion', 25), ('living-room', 'Magazine Rack', 42), ('living-room', 'Vase', 31),
    ('living-room', 'Armchair', 349), ('living-room', 'Wall Clock', 56),
    ('outdoor', 'Picnic Basket', 57), ('outdoor', 'Camping Stool', 33), ('outdoor', 'Flask', 29), ('outdoor', 'Hammock', 79),
    ('outdoor', 'Fire Bowl', 145), ('outdoor', 'Windbreak', 48),
    ('bags', 'Tote', 36), ('bags', 'Backpack', 92), ('bags', 'Wash Bag', 30), ('bags', 'Satchel', 110), ('bags', 'Purse', 40), ('bags', 'Weekender', 155),
    ('stationery', 'Notebook', 14), ('stationery', 'Fountain Pen', 46), ('stationery', 'Letter Opener', 20), ('stationery', 'Diary', 24),
    ('stationery', 'Card Set', 10), ('stationery', 'Pencil Case', 16),
    ('toys', 'Building Blocks', 37), ('toys', 'Spinning Top', 8), ('toys', 'Puzzle', 21), ('toys', 'Rocking Horse', 165),
    ('toys', 'Kite', 26), ('toys', 'Pull-along Duck', 19),
    ('tools', 'Hammer', 28), ('tools', 'Spirit Level', 34), ('tools', 'Toolbox', 69), ('tools', 'Hand Saw', 39),
    ('tools', 'Tape Measure', 13), ('tools', 'Chisel', 25)
),
materials (position, material, factor) as (
  values (1, 'Oak', 1.2), (2, 'Linen', 0.9), (3, 'Steel', 1.0), (4, 'Ceramic', 1.1), (5, 'Cork', 0.8), (6, 'Brass', 1.4), (7, 'Recycled', 0.7)
),
styles (position, style, story) as (
  values
    (1, 'Classic', 'a shape that has been made this way for a hundred years'),
    (2, 'Compact', 'made for small homes, and easy to put away'),
    (3, 'Handmade', 'finished by hand, so that no two are quite alike'),
    (4, 'Folding', 'folds flat in a moment'),
    (5, 'Heritage', 'drawn after a piece from our own archive'),
    (6, 'Everyday', 'plain, sturdy and meant to be used')
)
insert into products (category_id, sku, name, description, price, active)
select
  c.id,
  upper(left(c.slug, 3)) || '-' || lpad(n::text, 5, '0'),
  style || ' ' || material || ' ' || noun,
  noun || ' in ' || lower(material) || ': ' || story || '.',
  round(base_price * factor * (1 + s.position * 0.05)) - 0.05,
  -- A few are no longer sold.
  n % 97 <> 0
from (select *, row_number() over (order by category, noun) as noun_position from nouns) nouns
join categories c on c.slug = category
cross join materials m
cross join styles s
cross join lateral (select (noun_position - 1) * 42 + (m.position - 1) * 6 + s.position) as numbered (n)
order by n;

insert into stock (product_id, quantity)
select id, case when id % 41 = 0 then 0 else (id * 37) % 60 + 1 end from products;

-- Orders of the past weeks, so that lists and reports have something to show. Their ids are UUIDs of version 4 in form.
create function pg_temp.order_id(n int) returns uuid language sql
return overlay(overlay(md5('order ' || n) placing '4' from 13) placing '8' from 17)::uuid;

insert into orders (id, user_id, status, total, placed_at)
select
  pg_temp.order_id(n),
  'customer-' || n % 40,
  case when n % 25 = 0 then 'refunded' else 'paid' end,
  0,
  timestamptz '2025-01-01 08:00Z' + n * interval '2 hours 7 minutes'
from generate_series(1, 400) n;

insert into order_items (order_id, product_id, quantity, unit_price)
select pg_temp.order_id(n), p.id, 1 + (n + line) % 3, p.price
from generate_series(1, 400) n
cross join generate_series(1, 3) line
join products p on p.id = (n * 131 + line * 977) % 3024 + 1;

update orders set total = lines.total
from (select order_id, sum(quantity * unit_price) as total from order_items group by order_id) lines
where lines.order_id = orders.id;

analyze;
