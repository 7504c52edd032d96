---
description: What is in the caller's cart, at today's prices.
---
select i.product_id as "productId", p.name, i.quantity, p.price, i.quantity * p.price as amount, s.quantity >= i.quantity as available
from cart_items i
join products p on p.id = i.product_id
join stock s on s.product_id = i.product_id
where i.user_id = :auth.sub
order by p.name, p.id
