---
description: Hits of one of the caller's links by day, the latest first. Days without a hit are left out.
params:
  slug: string
  days: { type: int, default: 30, min: 1, max: 366 }
---
select d.day, d.hits
from hits_by_day d join links l on l.slug = d.slug
where l.slug = :slug and l.owner = :auth.sub
order by d.day desc
limit :days
