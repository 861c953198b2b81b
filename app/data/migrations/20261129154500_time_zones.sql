-- migrate:up

-- In which zone an organisation has its days and weeks: a name of the IANA database, as Postgres spells it.
alter table organisations add column time_zone text not null default 'UTC'
  -- An error for what is no zone at all, so that no report can meet one.
  check (length(time_zone) <= 64 and timestamp '2000-01-01 00:00' at time zone time_zone is not null);
grant update (time_zone) on organisations to worklane_app;

create function current_time_zone() returns text language sql stable as
  $$ select time_zone from organisations where id = (select current_org_id()) $$;
/* Today, where the organisation is. */
create function current_day() returns date language sql stable as
  $$ select (now() at time zone current_time_zone())::date $$;

-- What was done is counted by quarters of an hour in UTC: every zone of today has its midnights at the beginning of
-- one, so that the figures of a zone's days are sums of these, whichever zone is asked for.
create function quarter_hour(at timestamptz) returns text language sql stable as
  $$ select to_char(date_bin('15 minutes', at, '2000-01-01 00:00Z') at time zone 'UTC', 'YYYY-MM-DD HH24:MI') $$;

do $$
declare
  source text;
  event text;
begin
  foreach event in array array['insert', 'update', 'delete'] loop
    source := concat_ws(' union all ',
      case when event <> 'delete' then 'select *, 1 as n from added' end,
      case when event <> 'insert' then 'select *, -1 as n from removed' end);
    -- One statement in one order: two writes that touch the same figures wait for each other, never in a circle.
    execute format($body$
      create or replace function tally_tasks_on_%s() returns trigger language plpgsql security definer set search_path = public as $trigger$
      begin
        insert into tallies
        select org_id, measure, subject, sum(n) from (
          select t.org_id, measure, subject, n
          from (%s) t
          cross join lateral (values
            (t.status::text, t.project_id::text),
            ('open by assignee', case when t.status <> 'done' then t.assignee_id::text end),
            ('open by due day', case when t.status <> 'done' then t.due_on::text end),
            ('done by quarter hour', case when t.status = 'done' then quarter_hour(t.done_at) end)
          ) figures (measure, subject)
          where subject is not null
        ) changes
        %s
        group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
        on conflict (org_id, measure, subject) do update set count = tallies.count + excluded.count;
        return null;
      end $trigger$ $body$, event, source,
      -- An organisation that goes takes its tasks along: no figure of them may be left behind.
      case when event <> 'insert' then 'where exists (select from organisations o where o.id = org_id)' end);
  end loop;
end $$;

-- An owner without the right to bypass it would count nothing.
alter table tasks no force row level security;
alter table tallies no force row level security;
delete from tallies where measure = 'done by day';
insert into tallies
select org_id, 'done by quarter hour', quarter_hour(done_at), count(*)
from tasks where status = 'done' and done_at is not null group by 1, 3;
alter table tasks force row level security;
alter table tallies force row level security;

-- migrate:down

do $$
declare
  source text;
  event text;
begin
  foreach event in array array['insert', 'update', 'delete'] loop
    source := concat_ws(' union all ',
      case when event <> 'delete' then 'select *, 1 as n from added' end,
      case when event <> 'insert' then 'select *, -1 as n from removed' end);
    execute format($body$
      create or replace function tally_tasks_on_%s() returns trigger language plpgsql security definer set search_path = public as $trigger$
      begin
        insert into tallies
        select org_id, measure, subject, sum(n) from (
          select t.org_id, measure, subject, n
          from (%s) t
          cross join lateral (values
            (t.status::text, t.project_id::text),
            ('open by assignee', case when t.status <> 'done' then t.assignee_id::text end),
            ('open by due day', case when t.status <> 'done' then t.due_on::text end),
            ('done by day', case when t.status = 'done' then (t.done_at at time zone 'UTC')::date::text end)
          ) figures (measure, subject)
          where subject is not null
        ) changes
        %s
        group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
        on conflict (org_id, measure, subject) do update set count = tallies.count + excluded.count;
        return null;
      end $trigger$ $body$, event, source,
      case when event <> 'insert' then 'where exists (select from organisations o where o.id = org_id)' end);
  end loop;
end $$;
alter table tasks no force row level security;
alter table tallies no force row level security;
delete from tallies where measure = 'done by quarter hour';
insert into tallies
select org_id, 'done by day', (done_at at time zone 'UTC')::date::text, count(*)
from tasks where status = 'done' and done_at is not null group by 1, 3;
alter table tasks force row level security;
alter table tallies force row level security;
drop function quarter_hour, current_day, current_time_zone;
alter table organisations drop column time_zone;
