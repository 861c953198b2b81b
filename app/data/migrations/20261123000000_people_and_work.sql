-- migrate:up

create extension if not exists btree_gin;

alter type activity_kind add value 'commented';
create type label_colour as enum ('grey', 'red', 'orange', 'green', 'blue', 'purple');
create type notification_kind as enum ('assigned', 'mentioned', 'commented', 'joined');

-- Guessing a password locks the account for a while, whether Redis is there or not.
alter table users
  add column failed_sign_ins integer not null default 0,
  add column locked_until timestamptz;

alter table sessions
  add column id uuid not null default uuidv7() unique,
  add column user_agent text not null default '',
  add column ip text not null default '',
  add column last_seen_at timestamptz not null default now();

create table invitations (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  email text not null,
  role role not null,
  token_hash text not null unique,
  invited_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (org_id, id)
);
create unique index invitations_by_email on invitations (org_id, lower(email));

create table api_keys (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  name text not null check (length(name) between 1 and 80),
  -- What is shown of it afterwards; the key itself is known to its owner alone.
  prefix text not null,
  key_hash text not null unique,
  scopes text[] not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  primary key (org_id, id),
  -- A key acts as its creator, and goes with that membership.
  foreign key (org_id, created_by) references memberships (org_id, user_id) on delete cascade
);

create table labels (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  name text not null check (length(name) between 1 and 40),
  colour label_colour not null default 'grey',
  primary key (org_id, id)
);
create unique index labels_by_name on labels (org_id, lower(name));

create table task_labels (
  org_id uuid not null,
  task_id uuid not null,
  label_id uuid not null,
  primary key (org_id, task_id, label_id),
  foreign key (org_id, task_id) references tasks (org_id, id) on delete cascade,
  foreign key (org_id, label_id) references labels (org_id, id) on delete cascade
);
create index task_labels_by_label on task_labels (org_id, label_id, task_id);

create table comments (
  org_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  author_id uuid references users on delete set null,
  body text not null check (length(body) between 1 and 10000),
  created_at timestamptz not null default now(),
  edited_at timestamptz,
  search tsvector not null generated always as (to_tsvector('english', body)) stored,
  primary key (org_id, id),
  foreign key (org_id, task_id) references tasks (org_id, id) on delete cascade
);
create index comments_by_task on comments (org_id, task_id, created_at desc, id desc);
create index comments_search on comments using gin (org_id, search);

alter table tasks add column search tsvector not null generated always as (
  setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')
) stored;
create index tasks_search on tasks using gin (org_id, search);
create index tasks_recent on tasks (org_id, updated_at desc, id desc);

create table saved_filters (
  org_id uuid not null,
  id uuid not null default uuidv7(),
  user_id uuid not null,
  name text not null check (length(name) between 1 and 80),
  query jsonb not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, user_id) references memberships (org_id, user_id) on delete cascade
);
create unique index saved_filters_by_name on saved_filters (org_id, user_id, lower(name));

create table notifications (
  org_id uuid not null,
  id uuid not null default uuidv7(),
  user_id uuid not null,
  -- One outbox row tells a person once, however often its job runs.
  outbox_id uuid not null,
  kind notification_kind not null,
  actor_id uuid references users on delete set null,
  task_id uuid,
  excerpt text not null default '',
  created_at timestamptz not null default now(),
  read_at timestamptz,
  primary key (org_id, id),
  unique (org_id, user_id, outbox_id),
  foreign key (org_id, user_id) references memberships (org_id, user_id) on delete cascade,
  foreign key (org_id, task_id) references tasks (org_id, id) on delete cascade
);
create index notifications_by_user on notifications (org_id, user_id, id desc);
create index notifications_unread on notifications (org_id, user_id, id desc) where read_at is null;

-- Who did what, with the state before and after. Nobody may change or remove an entry.
create table audit_log (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  at timestamptz not null default now(),
  actor_id uuid,
  api_key_id uuid,
  operation text not null,
  target text not null,
  before jsonb,
  after jsonb,
  request_id text not null default '',
  primary key (org_id, id)
);
create index audit_log_by_operation on audit_log (org_id, operation, id desc);
create index audit_log_by_actor on audit_log (org_id, actor_id, id desc);

-- A write that was sent twice with one key happens once, and both hear the same answer.
create table idempotency (
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null,
  key text not null,
  operation text not null,
  input_digest text not null,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (org_id, user_id, key)
);
create index idempotency_by_age on idempotency (created_at);

-- Figures of the tasks, kept by triggers, so that no report ever scans: how many tasks by project and status
-- (measure todo, doing, review, done; subject the project), how many open ones by assignee and by due day, how
-- many done by day. No foreign key: its check would cost every write, and a removed organisation takes its rows
-- along below.
create table tallies (
  org_id uuid not null,
  measure text not null,
  subject text not null,
  count bigint not null,
  primary key (org_id, measure, subject)
);

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
      create function tally_tasks_on_%s() returns trigger language plpgsql security definer set search_path = public as $trigger$
      begin
        insert into tallies
        select org_id, measure, subject, sum(n) from (
          select org_id, status::text as measure, project_id::text as subject, n from (%2$s) t
          union all
          select org_id, 'open by assignee', assignee_id::text, n from (%2$s) t where status <> 'done' and assignee_id is not null
          union all
          select org_id, 'open by due day', due_on::text, n from (%2$s) t where status <> 'done' and due_on is not null
          union all
          select org_id, 'done by day', (done_at at time zone 'UTC')::date::text, n from (%2$s) t where status = 'done' and done_at is not null
        ) changes
        where n > 0 or exists (select from organisations o where o.id = org_id)
        group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
        on conflict (org_id, measure, subject) do update set count = tallies.count + excluded.count;
        return null;
      end $trigger$ $body$, event, source);
    execute format('create trigger tally_on_%1$s after %1$s on tasks referencing %2$s for each statement execute function tally_tasks_on_%1$s()',
      event, concat_ws(' ',
        case when event <> 'delete' then 'new table as added' end,
        case when event <> 'insert' then 'old table as removed' end));
  end loop;
end $$;

insert into tallies
select org_id, measure, subject, count(*) from (
  select org_id, status::text as measure, project_id::text as subject from tasks
  union all select org_id, 'open by assignee', assignee_id::text from tasks where status <> 'done' and assignee_id is not null
  union all select org_id, 'open by due day', due_on::text from tasks where status <> 'done' and due_on is not null
  union all select org_id, 'done by day', (done_at at time zone 'UTC')::date::text from tasks where status = 'done' and done_at is not null
) t group by 1, 2, 3;

create function forget_tallies() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from tallies t using removed r where t.org_id = r.id;
  return null;
end $$;
create trigger forget_tallies after delete on organisations
  referencing old table as removed for each statement execute function forget_tallies();

do $$
declare tenant_table text;
begin
  foreach tenant_table in array array['invitations', 'api_keys', 'labels', 'task_labels', 'comments', 'saved_filters',
                                      'notifications', 'audit_log', 'idempotency', 'tallies'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to worklane_app using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))',
      tenant_table);
  end loop;
end $$;

grant select, insert, update, delete on invitations, api_keys, labels, task_labels, comments, saved_filters, notifications to worklane_app;
grant select, insert on audit_log to worklane_app;
grant select, insert, update, delete on idempotency to worklane_app;
grant select, delete on tallies to worklane_app;
grant insert, update, delete on memberships to worklane_app;
grant update (name), delete on organisations to worklane_app;

-- Sign-up, invitations and keys are looked up before a tenant is known.
create policy auth on invitations to worklane_auth using (true) with check (true);
create policy auth on api_keys to worklane_auth using (true) with check (true);
create policy auth on audit_log for insert to worklane_auth with check (true);
create policy auth on idempotency to worklane_auth using (true) with check (true);
create policy relay_old on idempotency for delete to worklane_relay using (created_at < now() - interval '24 hours');
create policy relay_old_read on idempotency for select to worklane_relay using (created_at < now() - interval '24 hours');
grant insert on organisations to worklane_auth;
grant insert, update, delete on memberships to worklane_auth;
grant select, delete on invitations to worklane_auth;
grant delete on organisations to worklane_auth;
grant select on api_keys to worklane_auth;
grant update (last_used_at) on api_keys to worklane_auth;
grant insert on audit_log to worklane_auth;
grant select, insert, update on idempotency to worklane_auth;
grant select, insert on outbox to worklane_auth;
create policy auth on outbox to worklane_auth using (true) with check (true);
grant select (created_at), delete on idempotency to worklane_relay;

-- Some functions must see more than their caller, and run as a role that nobody can be. The tallies change with
-- whoever changes a task, also by a foreign key's cascade. And a text search's operator is not marked leakproof, so
-- that under row-level security no index would serve it; there the tenant is the function's own condition.
grant usage on schema public to worklane_keeper;
grant select on tasks, comments to worklane_keeper;
grant select (id) on organisations to worklane_keeper;
grant select, insert, update, delete on tallies to worklane_keeper;
create policy keeper on tasks for select to worklane_keeper using (true);
create policy keeper on comments for select to worklane_keeper using (true);
create policy keeper on organisations for select to worklane_keeper using (true);
create policy keeper on tallies to worklane_keeper using (true) with check (true);
create function search_work(words tsquery, most integer)
  returns table (kind text, task_id uuid, comment_id uuid, rank real)
  language sql stable security definer set search_path = public as $$
  (select 'task', id, null::uuid, ts_rank(search, words)
   from tasks where org_id = current_org_id() and search @@ words
   order by 4 desc, id limit most)
  union all
  (select 'comment', task_id, id, ts_rank(search, words) * 0.5
   from comments where org_id = current_org_id() and search @@ words
   order by 4 desc, id limit most)
$$;
revoke all on function search_work from public;
grant execute on function search_work to worklane_app;
grant create on schema public to worklane_keeper;
alter function search_work owner to worklane_keeper;
alter function tally_tasks_on_insert owner to worklane_keeper;
alter function tally_tasks_on_update owner to worklane_keeper;
alter function tally_tasks_on_delete owner to worklane_keeper;
alter function forget_tallies owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop function search_work;
drop policy keeper on tasks;
drop policy keeper on comments;
drop policy keeper on organisations;
drop trigger forget_tallies on organisations;
drop function forget_tallies;
drop trigger tally_on_insert on tasks;
drop trigger tally_on_update on tasks;
drop trigger tally_on_delete on tasks;
drop function tally_tasks_on_insert, tally_tasks_on_update, tally_tasks_on_delete;
drop table tallies, idempotency, audit_log, notifications, saved_filters, comments, task_labels, labels, api_keys, invitations;
drop index tasks_recent;
alter table tasks drop column search;
alter table sessions drop column id, drop column user_agent, drop column ip, drop column last_seen_at;
alter table users drop column failed_sign_ins, drop column locked_until;
drop type notification_kind, label_colour;
revoke insert, update, delete on memberships from worklane_app, worklane_auth;
revoke insert, update, delete on organisations from worklane_app, worklane_auth;
