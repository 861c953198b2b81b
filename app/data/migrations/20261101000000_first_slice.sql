-- migrate:up

-- The roles worklane_app, worklane_auth and worklane_relay are made by prepare.ts, which holds their passwords.

create type role as enum ('viewer', 'member', 'manager', 'admin', 'owner');
create type plan as enum ('free', 'team', 'business');
create type task_status as enum ('todo', 'doing', 'review', 'done');
create type task_priority as enum ('none', 'low', 'medium', 'high', 'urgent');
create type activity_kind as enum ('created', 'moved', 'updated', 'removed');

-- nullif is not optional: after a commit the setting is '', and ''::uuid is an error.
create function current_org_id() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.org_id', true), '')::uuid;

create table organisations (
  id uuid primary key default uuidv7(),
  name text not null check (length(name) between 1 and 120),
  slug text not null unique,
  plan plan not null default 'free',
  canary text not null default 'cnr-' || encode(uuid_send(gen_random_uuid()), 'hex'),
  created_at timestamptz not null default now()
);

create table users (
  id uuid primary key default uuidv7(),
  email text not null,
  name text not null,
  password_hash text,
  email_verified timestamptz,
  image text,
  created_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

create table memberships (
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null references users on delete cascade,
  role role not null,
  created_at timestamptz not null default now(),
  primary key (org_id, user_id)
);
create index memberships_by_user on memberships (user_id, org_id);

create table sessions (
  token_hash text primary key,
  user_id uuid not null references users on delete cascade,
  active_org_id uuid references organisations on delete set null,
  version integer not null default 1,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index sessions_by_user on sessions (user_id);

create table accounts (
  provider text not null,
  provider_account_id text not null,
  user_id uuid not null references users on delete cascade,
  type text not null,
  tokens jsonb not null default '{}',
  primary key (provider, provider_account_id)
);

create table verification_tokens (
  identifier text not null,
  token text not null,
  expires timestamptz not null,
  primary key (identifier, token)
);

create table projects (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  key text not null check (key ~ '^[A-Z][A-Z0-9]{1,7}$'),
  name text not null check (length(name) between 1 and 120),
  description text not null default '' check (length(description) <= 2000),
  next_number integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, key)
);
create index projects_by_name on projects (org_id, name, id);

create table tasks (
  org_id uuid not null,
  id uuid not null default uuidv7(),
  project_id uuid not null,
  number integer not null,
  title text not null check (length(title) between 1 and 200),
  description text not null default '' check (length(description) <= 10000),
  status task_status not null default 'todo',
  priority task_priority not null default 'none',
  assignee_id uuid,
  due_on date,
  position double precision not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (org_id, id),
  -- With the organisation in the key a task cannot point into another tenant.
  foreign key (org_id, project_id) references projects (org_id, id) on delete cascade,
  foreign key (org_id, assignee_id) references memberships (org_id, user_id) on delete set null (assignee_id),
  unique (org_id, project_id, number)
);
create index tasks_by_column on tasks (org_id, project_id, status, position, id);
create index tasks_by_assignee on tasks (org_id, assignee_id, due_on, id) where status <> 'done';
create index tasks_open_by_due on tasks (org_id, due_on) where status <> 'done';
create index tasks_done on tasks (org_id, done_at) where status = 'done';

create table outbox (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  relayed_at timestamptz,
  primary key (org_id, id)
);
create index outbox_waiting on outbox (id) where relayed_at is null;

create table activity (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  -- The effect of one outbox row happens once, however often its job runs.
  outbox_id uuid not null,
  task_id uuid not null,
  task_key text not null,
  task_title text not null,
  kind activity_kind not null,
  actor_id uuid,
  detail text not null default '',
  at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, outbox_id)
);
create index activity_recent on activity (org_id, at desc, id desc);
create index activity_by_task on activity (org_id, task_id, at desc, id desc);

-- Which seeded population this database holds; empty where people made the data.
create table population (
  id text primary key,
  spec jsonb not null,
  digest text not null,
  seeded_at timestamptz not null default now()
);

do $$
declare tenant_table text;
begin
  foreach tenant_table in array array['memberships', 'projects', 'tasks', 'outbox', 'activity'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to worklane_app using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))',
      tenant_table);
  end loop;
  foreach tenant_table in array array['organisations', 'users', 'sessions', 'accounts', 'verification_tokens'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format('create policy auth on %I to worklane_auth using (true) with check (true)', tenant_table);
  end loop;
end $$;

create policy tenant on organisations to worklane_app
  using (id = (select current_org_id())) with check (id = (select current_org_id()));
-- A tenant sees the people who are its members, and nobody else.
create policy members on users for select to worklane_app
  using (exists (select from memberships m where m.org_id = (select current_org_id()) and m.user_id = users.id));
create policy auth on memberships to worklane_auth using (true) with check (true);
create policy relay on outbox to worklane_relay using (true) with check (true);

revoke all on schema public from public;
grant usage on schema public to worklane_app, worklane_auth, worklane_relay;
grant select, insert, update, delete on projects, tasks, activity to worklane_app;
grant select on organisations, memberships, population to worklane_app;
grant select (id, email, name, image) on users to worklane_app;
grant select, insert on outbox to worklane_app;
grant select, insert, update, delete on users, sessions, accounts, verification_tokens to worklane_auth;
grant select (id, name, slug, plan) on organisations to worklane_auth;
grant select on memberships to worklane_auth;
grant select, update, delete on outbox to worklane_relay;

-- migrate:down

drop table population, activity, outbox, tasks, projects, verification_tokens, accounts, sessions, memberships, users, organisations;
drop function current_org_id;
drop type activity_kind, task_priority, task_status, plan, role;
