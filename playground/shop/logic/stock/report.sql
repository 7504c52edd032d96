---
description: What is running out, with how much of it was sold. For `admin` and `staff`, by the config's permissions.
params:
  below: { type: int, default: 5, min: 1, max: 1000 }
  limit: { type: int, default: 100, min: 1, max: 500 }
---
select p.id, p.sku, p.name, s.quantity, (
  select coalesce(sum(i.quantity), 0)::int
  from order_items i join orders o on o.id = i.order_id
  where i.product_id = p.id and o.status = 'paid'
) as sold
from stock s
join products p on p.id = s.product_id
where s.quantity < :below and p.active
order by s.quantity, sold desc, p.id
limit :limit
