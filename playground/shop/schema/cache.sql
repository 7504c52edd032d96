-- The last products each user looked at. Small, written often, and no loss if it is gone: it need not burden `main`.
create table views (
  user_id    text not null,
  product_id integer not null,
  times      integer not null default 1,
  viewed_at  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  primary key (user_id, product_id)
) without rowid;

create index views_by_time on views (user_id, viewed_at desc);
