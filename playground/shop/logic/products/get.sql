---
description: One product, or null.
access: public
cache: 1m
returns: row?
params:
  id: { type: int, min: 1 }
---
select p.id, p.sku, p.name, p.description, p.price, c.slug as category, s.quantity > 0 as "inStock"
from products p
join categories c on c.id = p.category_id
join stock s on s.product_id = p.id
where p.id = :id and p.active
