-- What the customers of seed/main.sql looked at.
with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 400)
insert into views (user_id, product_id, times, viewed_at)
select 'customer-' || (n % 40), (n * 131) % 3024 + 1, 1 + n % 4, strftime('%Y-%m-%dT%H:%M:%fZ', '2025-01-01 08:00:00', (n * 127) || ' minutes')
from numbers
where true
on conflict do nothing;
