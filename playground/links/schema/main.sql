create table links (
  slug       text primary key check (length(slug) between 3 and 40),
  url        text not null,
  owner      text not null,
  hits       integer not null default 0,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
create index links_by_owner on links (owner, created_at desc);

create table hits_by_day (
  slug text not null references links on delete cascade,
  day  text not null,
  hits integer not null,
  primary key (slug, day)
) without rowid;

-- Counting stays one statement for whoever counts.
create trigger count_hits_by_day after update of hits on links when new.hits > old.hits
begin
  insert into hits_by_day (slug, day, hits) values (new.slug, date('now'), new.hits - old.hits)
  on conflict (slug, day) do update set hits = hits + excluded.hits;
end;
