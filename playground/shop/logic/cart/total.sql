---
description: What the caller's cart costs today.
returns: value
---
select coalesce(sum(i.quantity * p.price), 0.00)
from cart_items i
join products p on p.id = i.product_id
where i.user_id = :auth.sub
