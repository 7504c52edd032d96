---
returns: affected
params:
  orderId: uuid
---
with returned as (
  -- Locked in the same order as stock/_take locks.
  select s.product_id, i.quantity
  from order_items i join stock s on s.product_id = i.product_id
  where i.order_id = :orderId
  order by s.product_id
  for update of s
)
update stock set quantity = stock.quantity + returned.quantity
from returned where stock.product_id = returned.product_id
