/* ---
description: All categories, with the number of products on sale in each.
access: public
cache: { ttl: 5m, staleWhileRevalidate: 1h }
--- */
select c.slug, c.name, count(p.id)::int as products
from categories c
left join products p on p.category_id = c.id and p.active
group by c.id
order by c.name
