---
description: Puts a product into the caller's cart, up to 99 of it. Null if it is not on sale.
returns: row?
params:
  productId: { type: int, min: 1 }
  quantity:  { type: int, default: 1, min: 1, max: 99 }
---
insert into cart_items as line (user_id, product_id, quantity)
select :auth.sub, id, :quantity from products where id = :productId and active
on conflict (user_id, product_id) do update set quantity = line.quantity + excluded.quantity
returning product_id as "productId", quantity
