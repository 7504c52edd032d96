---
description: Where a short link leads, or null. Counts the hit in the same statement.
access: public
returns: row?
params:
  slug: { type: string, min: 3, max: 40, pattern: "^[a-z0-9-]+$" }
---
update links set hits = hits + 1 where slug = :slug
returning url
