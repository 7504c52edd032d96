---
description: The caller's links, the latest first.
params:
  contains: { type: string, optional: true, max: 100, description: "Only links whose URL contains this." }
  limit:    { type: int, default: 20, min: 1, max: 100 }
  offset:   { type: int, default: 0, min: 0 }
---
select slug, url, hits, created_at as createdAt
from links
where owner = :auth.sub and (:contains is null or instr(url, :contains) > 0)
order by created_at desc, slug
limit :limit offset :offset
