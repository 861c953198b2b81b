-- migrate:up

-- Files of tasks that were read and judged line by line. Nothing of one is added before somebody says so.
create table imports (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  name text not null check (length(name) between 1 and 200),
  state text not null check (state in ('refused', 'checked', 'waiting', 'running', 'done', 'failed')),
  created_by uuid references users on delete set null,
  created_at timestamptz(3) not null default now(),
  rows_total integer not null check (rows_total >= 0),
  -- The first of what is wrong with it, and how much there is.
  problems jsonb not null default '[]',
  problems_total integer not null default 0,
  -- Of the request that applied it: in the audit log of what it added.
  request_id text not null default '',
  -- Only workers write the rest.
  rows_done integer not null default 0,
  tries integer not null default 0,
  error text,
  seen_at timestamptz(3),
  finished_at timestamptz(3),
  primary key (org_id, id),
  check ((state = 'refused') = (problems_total > 0))
);
create index imports_of_person on imports (org_id, created_by, id desc);
create index imports_unfinished on imports (created_at) where state in ('waiting', 'running');
create index imports_old on imports (created_at) where state not in ('waiting', 'running');

-- A line becomes one task: the row is locked as the task is added, and says which one it is.
create table import_lines (
  org_id uuid not null,
  import_id uuid not null,
  line integer not null check (line > 0),
  task jsonb not null,
  task_id uuid,
  primary key (org_id, import_id, line),
  foreign key (org_id, import_id) references imports (org_id, id) on delete cascade
);
create index import_lines_waiting on import_lines (org_id, import_id, line) where task_id is null;

alter table imports enable row level security;
alter table imports force row level security;
alter table import_lines enable row level security;
alter table import_lines force row level security;
create policy tenant on imports to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
create policy tenant on import_lines to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select on imports, import_lines to worklane_app;
grant insert (org_id, id, name, state, created_by, rows_total, problems, problems_total) on imports to worklane_app;
grant update (state, request_id) on imports to worklane_app;
grant insert (org_id, import_id, line, task) on import_lines to worklane_app;
grant update (rows_done, tries, error, seen_at, finished_at) on imports to worklane_worker;
grant update (task_id) on import_lines to worklane_worker;

-- Across tenants: what nobody applied within a day, what is long over, and work that was lost.
create policy relay_sees on imports for select to worklane_relay using (true);
create policy relay_forgets on imports for delete to worklane_relay using (
  (state in ('refused', 'checked') and created_at < now() - interval '1 day')
  or (state in ('done', 'failed') and created_at < now() - interval '90 days'));
grant select (org_id, id, state, created_at, seen_at), delete on imports to worklane_relay;

-- migrate:down

drop table import_lines, imports;
