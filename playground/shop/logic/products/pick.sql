---
description: Several products at once, in the order asked for. Unknown ids are left out.
access: public
params:
  ids: { type: "int[]", min: 1 }
---
select p.id, p.name, p.price
from unnest(:ids::int[]) with ordinality as wanted (id, position)
join products p on p.id = wanted.id and p.active
order by wanted.position
limit 200
