---
description: Remembers that the caller looked at a product.
database: cache
returns: affected
params:
  productId: { type: int, min: 1 }
---
insert into views (user_id, product_id) values (:auth.sub, :productId)
on conflict (user_id, product_id) do update set times = times + 1, viewed_at = excluded.viewed_at
