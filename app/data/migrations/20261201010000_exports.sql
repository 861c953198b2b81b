-- migrate:up

-- What people asked to take out. A worker writes the file to the object store, below a key that is made of org_id, id
-- and run.
create table exports (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  kind text not null check (kind in ('tasks', 'projects', 'audit', 'organisation')),
  format text not null check (format in ('csv', 'json', 'zip')),
  -- What task.find, or audit.list, takes.
  filters jsonb not null default '{}',
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'ready', 'failed', 'cancelled', 'expired')),
  created_by uuid references users on delete set null,
  created_at timestamptz(3) not null default now(),
  -- Only workers write the rest. Each try writes a file of its own: who is not the latest stops.
  run uuid,
  tries integer not null default 0,
  rows_done integer not null default 0,
  rows_total integer,
  bytes bigint not null default 0,
  error text,
  -- When a worker last said how far it is.
  seen_at timestamptz(3),
  finished_at timestamptz(3),
  expires_at timestamptz(3),
  primary key (org_id, id),
  check ((kind = 'organisation') = (format = 'zip')),
  check (state <> 'ready' or (run is not null and expires_at is not null))
);
create index exports_of_person on exports (org_id, created_by, id desc);
create index exports_unfinished on exports (created_at) where state in ('waiting', 'running');
create index exports_expiring on exports (expires_at) where state = 'ready';
create index exports_old on exports (created_at) where state in ('failed', 'cancelled', 'expired');

alter table exports enable row level security;
alter table exports force row level security;
create policy tenant on exports to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select on exports to worklane_app;
grant insert (org_id, id, kind, format, filters, created_by) on exports to worklane_app;
grant update (state) on exports to worklane_app;
grant update (run, tries, rows_done, rows_total, bytes, error, seen_at, finished_at, expires_at) on exports
  to worklane_worker;

-- Across tenants: the end of what is kept long enough, and work that was lost.
create policy relay_sees on exports for select to worklane_relay using (true);
create policy relay_expires on exports for update to worklane_relay
  using (state = 'ready' and expires_at < now()) with check (state = 'expired');
create policy relay_forgets on exports for delete to worklane_relay
  using (state in ('failed', 'cancelled', 'expired') and created_at < now() - interval '90 days');
grant select (org_id, id, state, run, created_at, seen_at, expires_at), update (state), delete on exports
  to worklane_relay;

-- Exports whose files have to go, whichever way they ended; once more after an hour, for a try that was still writing.
create table removed_exports (
  organisation_id uuid not null,
  id uuid not null,
  removed_at timestamptz(3) not null default now(),
  emptied_at timestamptz(3),
  primary key (organisation_id, id)
);
alter table removed_exports enable row level security;
alter table removed_exports force row level security;
create policy relay on removed_exports to worklane_relay using (true) with check (true);
create policy keeper on removed_exports to worklane_keeper using (true) with check (true);
grant select, update (emptied_at), delete on removed_exports to worklane_relay;
grant insert, select (organisation_id, id), update (removed_at, emptied_at) on removed_exports to worklane_keeper;
create function empty_removed_export() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_exports (organisation_id, id) values (old.org_id, old.id)
  on conflict (organisation_id, id) do update set removed_at = now(), emptied_at = null;
  return null;
end $$;
create trigger empty_removed after delete on exports for each row execute function empty_removed_export();
create trigger empty_ended after update of state on exports for each row
  when (old.state is distinct from new.state and new.state in ('failed', 'cancelled', 'expired'))
  execute function empty_removed_export();
grant create on schema public to worklane_keeper;
alter function empty_removed_export owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop table exports, removed_exports;
drop function empty_removed_export;
