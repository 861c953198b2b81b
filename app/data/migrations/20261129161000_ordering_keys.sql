-- migrate:up

-- Halves of a number run out after some fifty drops at one place. A task's position is now an ordering key of the
-- library fractional-indexing: a text that has room between any two, compared byte by byte.
-- Whoever migrates need not be a superuser, and must see every row; this also takes the table's lock.
alter table tasks no force row level security;
drop index tasks_by_column;

-- 'd' and four digits of base 62 are such a key: enough for 14 million tasks of a column.
create temporary table ordering_keys on commit drop as
select org_id, id, 'd' || (
  select string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', (place / weight % 62)::int + 1, 1), ''
                    order by weight desc)
  from unnest(array[238328, 3844, 62, 1]) as weight
) as key
from (
  select org_id, id, row_number() over (partition by org_id, project_id, status order by position, id) as place from tasks
) t;
alter table ordering_keys add primary key (org_id, id);
analyze ordering_keys;
create function pg_temp.ordering_key_of(org uuid, task uuid) returns text language sql stable
  return (select key from ordering_keys where org_id = org and id = task);

-- Written anew in one go: no trigger fires, no row stays behind twice.
alter table tasks alter column position type text collate "C" using pg_temp.ordering_key_of(org_id, id);
create unique index tasks_by_column on tasks (org_id, project_id, status, position);
alter table tasks force row level security;
drop function pg_temp.ordering_key_of;

-- migrate:down

alter table tasks no force row level security;
drop index tasks_by_column;
create temporary table places on commit drop as
select org_id, id, row_number() over (partition by org_id, project_id, status order by position, id)::double precision as place
from tasks;
alter table places add primary key (org_id, id);
analyze places;
create function pg_temp.place_of(org uuid, task uuid) returns double precision language sql stable
  return (select place from places where org_id = org and id = task);
alter table tasks alter column position type double precision using pg_temp.place_of(org_id, id);
create index tasks_by_column on tasks (org_id, project_id, status, position, id);
alter table tasks force row level security;
drop function pg_temp.place_of;
