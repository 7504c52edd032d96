---
description: Removes one of the caller's links with its statistics. Says how many links that were, 1 or 0.
returns: affected
params:
  slug: string
---
delete from links where slug = :slug and owner = :auth.sub
