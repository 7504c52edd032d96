create table categories (
  id   int generated always as identity primary key,
  slug text not null unique,
  name text not null
);

create table products (
  id          int generated always as identity primary key,
  category_id int not null references categories,
  sku         text not null unique,
  name        text not null,
  description text not null,
  price       numeric(10, 2) not null check (price > 0),
  active      boolean not null default true,
  search      tsvector not null generated always as (to_tsvector('english', name || ' ' || description)) stored
);
create index products_by_category on products (category_id, id);
create index products_by_search on products using gin (search);

create table stock (
  product_id int primary key references products,
  quantity   int not null check (quantity >= 0)
);

create table cart_items (
  user_id    text not null,
  product_id int not null references products,
  quantity   int not null check (quantity between 1 and 99),
  primary key (user_id, product_id)
);

create table orders (
  id        uuid primary key default gen_random_uuid(),
  user_id   text not null,
  status    text not null default 'paid' check (status in ('paid', 'refunded')),
  total     numeric(12, 2) not null,
  placed_at timestamptz not null default now()
);
create index orders_by_user on orders (user_id, placed_at desc);

create table order_items (
  order_id   uuid not null references orders on delete cascade,
  product_id int not null references products,
  quantity   int not null check (quantity > 0),
  unit_price numeric(10, 2) not null,
  primary key (order_id, product_id)
);

-- Who did what to which order, for the people who answer questions later.
create table audit_log (
  id       bigint generated always as identity primary key,
  at       timestamptz not null default now(),
  actor    text not null,
  action   text not null,
  order_id uuid references orders on delete set null,
  details  jsonb not null default '{}'
);
