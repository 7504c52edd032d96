---
description: The caller's orders, the latest first; pass the last `placedAt` you got as `before`.
params:
  status: { type: string, enum: [paid, refunded], optional: true }
  before: { type: datetime, optional: true }
  limit:  { type: int, default: 20, min: 1, max: 100 }
---
select id, status, total, placed_at as "placedAt"
from orders
where user_id = :auth.sub
  and (:status::text is null or status = :status)
  and (:before::timestamptz is null or placed_at < :before)
order by placed_at desc, id
limit :limit
