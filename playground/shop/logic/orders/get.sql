---
description: One of the caller's orders with its items, or null. Somebody else's is null, too.
returns: row?
params:
  id: uuid
---
select o.id, o.status, o.total, o.placed_at as "placedAt", (
  select json_agg(json_build_object(
    'productId', i.product_id, 'name', p.name, 'quantity', i.quantity, 'unitPrice', i.unit_price::text
  ) order by i.product_id)
  from order_items i join products p on p.id = i.product_id
  where i.order_id = o.id
) as items
from orders o
where o.id = :id and o.user_id = :auth.sub
