---
description: Everything in a folder that begins with `_` is private.
returns: affected
params:
  action:  { type: string, max: 100 }
  orderId: { type: uuid, optional: true }
  details: { type: json, default: {} }
---
insert into audit_log (actor, action, order_id, details)
values (:auth.sub, :action, :orderId, :details)
