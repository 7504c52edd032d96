---
description: Finds products by words, category and price.
access: public
cache: 30s
params:
  q:        { type: string, optional: true, min: 2, max: 100, description: "Words, as people type them into a search box." }
  category: { type: string, optional: true, pattern: "^[a-z-]+$" }
  maxPrice: { type: number, optional: true, min: 0 }
  sort:     { type: string, enum: [name, price, -price], default: name }
  limit:    { type: int, default: 20, min: 1, max: 100 }
  offset:   { type: int, default: 0, min: 0, max: 10000 }
---
select p.id, p.sku, p.name, p.price, c.slug as category, s.quantity > 0 as "inStock"
from products p
join categories c on c.id = p.category_id
join stock s on s.product_id = p.id
where p.active
  and (:q::text is null or p.search @@ websearch_to_tsquery('english', :q))
  and (:category::text is null or c.slug = :category)
  and (:maxPrice::numeric is null or p.price <= :maxPrice)
order by
  case when :sort::text = 'price' then p.price end,
  case when :sort = '-price' then p.price end desc,
  p.name, p.id
limit :limit offset :offset
