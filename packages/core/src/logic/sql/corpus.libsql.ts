import { samples } from './corpus.ts'

/** The tables the samples speak of. */
export const LIBSQL_SCHEMA = `
  create table users (id integer primary key, email text unique, name text, data text, active integer default 1, "Display Name" text, note$ text);
  create table orders (id integer primary key, user_id integer, status text, total real, doc text, "weird:name" text, "a""b" text, [odd:col] text,
    \`tick:col\` text, n integer);
  create virtual table notes using fts5(title, body);
`

export const LIBSQL_SAMPLES = samples([
  // Parameters
  ['one parameter', 'select * from orders where id = :id', 'select * from orders where id = ?1', 'id'],
  ['two', 'select :a, :b', 'select ?1, ?2', 'a b'],
  ['one twice has one position', 'select * from users where email = :q or name = :q', 'select * from users where email = ?1 or name = ?1', 'q'],
  ['the order is that of first use', 'select :b, :a, :b', 'select ?1, ?2, ?1', 'b a'],
  ['capitals and digits', 'select :userId2', 'select ?1', 'userId2'],
  ['underscores', 'select :_x, :a_b', 'select ?1, ?2', '_x a_b'],
  ['a name that begins like another', 'select :id, :id2, :i', 'select ?1, ?2, ?3', 'id id2 i'],
  ['names differ by case', 'select :a, :A', 'select ?1, ?2', 'a A'],
  ['names that are keywords', 'select * from orders limit :limit offset :offset', 'select * from orders limit ?1 offset ?2', 'limit offset'],
  ['right behind a keyword', 'select:id', 'select ?1', 'id'],
  ['right behind a number', 'select 1 where 1=1 and 0<:n', 'select 1 where 1=1 and 0<?1', 'n'],
  ['between brackets', 'select (:a)', 'select (?1)', 'a'],
  ['behind a comma', 'select max(:a,:b)', 'select max(?1,?2)', 'a b'],
  ['next to each other', 'select :a+:b', 'select ?1+?2', 'a b'],
  ['behind a minus', 'select -:a', 'select -?1', 'a'],
  ['ten and more', 'select :a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k', 'select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11', 'a b c d e f g h i j k'],
  ['at the end', 'select 1 limit :n', 'select 1 limit ?1', 'n'],
  ['at the end of a line', 'select id\nfrom orders\nwhere id = :id\nlimit 1', 'select id\nfrom orders\nwhere id = ?1\nlimit 1', 'id'],
  ['Windows lines', 'select id\r\nfrom orders\r\nwhere id = :id', 'select id\r\nfrom orders\r\nwhere id = ?1', 'id'],
  ['the optional filter', 'select 1 from orders where (:s is null or status = :s)', 'select 1 from orders where (?1 is null or status = ?1)', 's'],
  ['in a list', 'select 1 from orders where status in (:a, :b)', 'select 1 from orders where status in (?1, ?2)', 'a b'],
  ['a list as JSON', 'select 1 from orders where id in (select value from json_each(:ids))', 'select 1 from orders where id in (select value from json_each(?1))', 'ids'],
  ['a cast', 'select cast(:id as text)', 'select cast(?1 as text)', 'id'],

  // The token
  ['the subject', 'select id from users where email = :auth.sub', 'select id from users where email = ?1', 'auth.sub'],
  ['the roles', "select 'admin' in (select value from json_each(:auth.roles))", "select 'admin' in (select value from json_each(?1))", 'auth.roles'],
  ['a claim', 'select :auth.claims.org', 'select ?1', 'auth.claims.org'],
  ['a claim inside a claim', 'select :auth.claims.org.id', 'select ?1', 'auth.claims.org.id'],
  ['a claim with a namespace', 'select :auth.claims."https://acme/org"', 'select ?1', 'auth.claims.https://acme/org'],
  ['a claim right before a word', 'select :auth.claims."a-b"as x', 'select ?1 as x', 'auth.claims.a-b'],
  ['two claims and a parameter', 'select :auth.claims.a, :x, :auth.claims.b', 'select ?1, ?2, ?3', 'auth.claims.a x auth.claims.b'],
  ['the same claim twice', 'select :auth.sub, :auth.sub', 'select ?1, ?1', 'auth.sub'],

  // Strings
  ['a string', "select ':id'"],
  ['a doubled quote', "select 'it''s :id', :id", "select 'it''s :id', ?1", 'id'],
  ['a string that is one quote', "select '''', :id", "select '''', ?1", 'id'],
  ['an empty string', "select '', :id", "select '', ?1", 'id'],
  ['a backslash is a letter', "select '\\', :id", "select '\\', ?1", 'id'],
  ['there is no escape string', "select 1 as e, 'a\\' as b, :id", "select 1 as e, 'a\\' as b, ?1", 'id'],
  ['a blob', "select x'1f', X'00', :id", "select x'1f', X'00', ?1", 'id'],
  ['comment signs in a string', "select '--', '/*', :id, '*/'", "select '--', '/*', ?1, '*/'", 'id'],
  ['a semicolon in a string', "select ';', :id", "select ';', ?1", 'id'],
  ['a line break in a string', "select 'a\n:b', :id", "select 'a\n:b', ?1", 'id'],
  ['letters beyond ASCII', "select 'größe :x 🙂', :id", "select 'größe :x 🙂', ?1", 'id'],
  ['placeholders in a string', "select '?', '?1', '@x', '$x', :id", "select '?', '?1', '@x', '$x', ?1", 'id'],
  ['a time', "select strftime('%H:%M:%S', :at)", "select strftime('%H:%M:%S', ?1)", 'at'],
  ['dollars in a string', "select '$$ :id $$', :id", "select '$$ :id $$', ?1", 'id'],

  // Quoted identifiers
  ['double quotes', 'select "weird:name" from orders where id = :id', 'select "weird:name" from orders where id = ?1', 'id'],
  ['a doubled double quote', 'select "a""b" from orders where id = :id', 'select "a""b" from orders where id = ?1', 'id'],
  ['brackets', 'select [odd:col] from orders where id = :id', 'select [odd:col] from orders where id = ?1', 'id'],
  ['quotes in brackets', `select 1 as [it's "a :x], :id`, `select 1 as [it's "a :x], ?1`, 'id'],
  ['brackets do not nest', 'select 1 as [a[b], :id', 'select 1 as [a[b], ?1', 'id'],
  ['backticks', 'select `tick:col` from orders where id = :id', 'select `tick:col` from orders where id = ?1', 'id'],
  ['doubled backticks', 'select 1 as `a``:b`, :id', 'select 1 as `a``:b`, ?1', 'id'],
  ['a quote in an identifier', `select 1 as "it's :id", :id`, `select 1 as "it's :id", ?1`, 'id'],
  ['an identifier beyond ASCII', 'select 1 as größe, :id', 'select 1 as größe, ?1', 'id'],
  ['a dollar inside a name', 'select note$, 1 as a$b, :id from users', 'select note$, 1 as a$b, ?1 from users', 'id'],
  ['with a schema', 'select main."users"."Display Name" from main."users" where id=:id', 'select main."users"."Display Name" from main."users" where id=?1', 'id'],

  // Comments
  ['a line comment', "select 1 -- :id it's\n, :id", "select 1 -- :id it's\n, ?1", 'id'],
  ['a line comment at the end', 'select :id -- :x', 'select ?1 -- :x', 'id'],
  ['a line comment goes on behind a carriage return', 'select 1 -- :x\r, :id', null],
  ['a block comment', "select /* :id it's */ :id", "select /* :id it's */ ?1", 'id'],
  ['block comments do not nest', 'select /* a /* :b */ :id', 'select /* a /* :b */ ?1', 'id'],
  ['a line comment inside a block comment', 'select /* -- */ :id', 'select /* -- */ ?1', 'id'],
  ['a block comment right behind a parameter', 'select :id/*x*/+1', 'select ?1/*x*/+1', 'id'],
  ['a comment inside an operator', 'select 2 */*x*/ :id', 'select 2 */*x*/ ?1', 'id'],
  ['two minus signs', 'select 5--:x\n+ :id', 'select 5--:x\n+ ?1', 'id'],
  ['a star before a slash', 'select 2 */**/:id', 'select 2 */**/?1', 'id'],
  ['a comment in front', '-- all orders\n/* :x */ select :id', '-- all orders\n/* :x */ select ?1', 'id'],
  ['a ruler in front', '----\nselect :id', '----\nselect ?1', 'id'],

  // Operators
  ['arrows', "select doc->'a'->>:k, doc->>'$.a' from orders", "select doc->'a'->>?1, doc->>'$.a' from orders", 'k'],
  ['a JSON path', "select json_extract(doc, '$.a[0]', :path) from orders", "select json_extract(doc, '$.a[0]', ?1) from orders", 'path'],
  ['concatenation', "select :a || ':b' || :c", "select ?1 || ':b' || ?2", 'a c'],
  ['comparisons', 'select 1 where 1 == :a and 2 <> :b and 3 != :c and 4 <= :d', 'select 1 where 1 == ?1 and 2 <> ?2 and 3 != ?3 and 4 <= ?4', 'a b c d'],
  ['bits', 'select 1 << :n, ~ 1, 5 & :m, 5 | 3', 'select 1 << ?1, ~ 1, 5 & ?2, 5 | 3', 'n m'],
  ['is distinct from', 'select 1 where :a is not distinct from :b', 'select 1 where ?1 is not distinct from ?2', 'a b'],
  ['glob', "select 1 from users where name glob :q || '*[a-z:x]'", "select 1 from users where name glob ?1 || '*[a-z:x]'", 'q'],
  ['like with an escape', "select 1 from users where name like :q escape '\\'", "select 1 from users where name like ?1 escape '\\'", 'q'],
  ['match', "select * from notes where notes match :q", 'select * from notes where notes match ?1', 'q'],
  ['numbers', 'select 1.5e-3, .5, 0x1F, 1., :n', 'select 1.5e-3, .5, 0x1F, 1., ?1', 'n'],
  ['replace is a function too', "select replace(name, :a, '') from users", "select replace(name, ?1, '') from users", 'a'],

  // Whole statements
  ['a semicolon at the end', 'select :id;', 'select ?1', 'id'],
  ['semicolons and blanks', '  select :id ; ;\n', 'select ?1', 'id'],
  ['a semicolon before a comment', 'select :id; -- done', 'select ?1 -- done', 'id'],
  ['insert', 'insert into orders (user_id, total) values (:user, :total) returning id', 'insert into orders (user_id, total) values (?1, ?2) returning id', 'user total'],
  ['upsert', 'insert into users (email, name) values (:email, :name) on conflict (email) do update set name = excluded.name', 'insert into users (email, name) values (?1, ?2) on conflict (email) do update set name = excluded.name', 'email name'],
  ['insert or replace', 'insert or replace into users (id, name) values (:id, :name)', 'insert or replace into users (id, name) values (?1, ?2)', 'id name'],
  ['replace', 'replace into users (id, name) values (:id, :name)', 'replace into users (id, name) values (?1, ?2)', 'id name'],
  ['update', "update orders set status = :status, doc = json_set(doc, '$.at', :at) where id = :id", "update orders set status = ?1, doc = json_set(doc, '$.at', ?2) where id = ?3", 'status at id'],
  ['update from', 'update orders set n = u.active from users u where u.id = user_id and u.email = :auth.sub', 'update orders set n = u.active from users u where u.id = user_id and u.email = ?1', 'auth.sub'],
  ['delete', 'delete from orders where id = :id returning *', 'delete from orders where id = ?1 returning *', 'id'],
  ['a common table expression', 'with paid as (select * from orders where status = :s) select count(*) from paid where id > :after', 'with paid as (select * from orders where status = ?1) select count(*) from paid where id > ?2', 's after'],
  ['a recursive one', 'with recursive t(n) as (values (1) union all select n + 1 from t where n < :max) select * from t', 'with recursive t(n) as (values (1) union all select n + 1 from t where n < ?1) select * from t', 'max'],
  ['a common table expression before an insert', 'with x as (select :a as a) insert into orders (n) select a from x', 'with x as (select ?1 as a) insert into orders (n) select a from x', 'a'],
  ['a window', 'select sum(total) over (partition by user_id order by id rows between 1 preceding and current row) from orders where id > :id', 'select sum(total) over (partition by user_id order by id rows between 1 preceding and current row) from orders where id > ?1', 'id'],
  ['values', 'values (:a, :b), (1, null)', 'values (?1, ?2), (1, null)', 'a b'],
  ['a keyset page', 'select id from orders where (total, id) < (:t, :id) order by total desc, id desc limit :n', 'select id from orders where (total, id) < (?1, ?2) order by total desc, id desc limit ?3', 't id n'],
  ['a filter clause', 'select count(*) filter (where status = :s) from orders', 'select count(*) filter (where status = ?1) from orders', 's'],
  ['a table function', "select j.value from orders, json_each(orders.doc, '$.lines') j where orders.id = :id", "select j.value from orders, json_each(orders.doc, '$.lines') j where orders.id = ?1", 'id'],
  ['explain query plan', 'explain query plan select * from orders where id = :id', 'explain query plan select * from orders where id = ?1', 'id'],
  ['a pragma as a function', 'select name from pragma_table_info(:t)', 'select name from pragma_table_info(?1)', 't'],
])
