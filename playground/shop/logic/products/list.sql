---
description: A category page by page; pass the last id you got as `after`.
access: public
cache: 1m
params:
  category: { type: string, pattern: "^[a-z-]+$" }
  after:    { type: int, default: 0, min: 0 }
  limit:    { type: int, default: 24, min: 1, max: 100 }
---
select p.id, p.sku, p.name, p.price
from products p
where p.active
  and p.category_id = (select id from categories where slug = :category)
  and p.id > :after
order by p.id
limit :limit
