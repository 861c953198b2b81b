-- migrate:up

-- What people uploaded. The bytes are in the object store, below a key that is made of org_id and id.
create table files (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  -- Of one that belongs to a comment on the task.
  comment_id uuid,
  created_by uuid references users on delete set null,
  name text not null check (length(name) between 1 and 200),
  type text not null check (length(type) between 1 and 100),
  size bigint not null check (size > 0),
  -- The store's name of an upload in parts.
  parts_id text,
  -- An upload that has not come by then never will, and holds no place any more.
  upload_until timestamptz(3) not null,
  uploaded_at timestamptz(3),
  -- Only workers write the next five: nobody sees a file that was not checked.
  ready_at timestamptz(3),
  refused text check (refused in ('type', 'size', 'broken', 'lost')),
  width integer,
  height integer,
  thumbnail_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  primary key (org_id, id),
  foreign key (org_id, task_id) references tasks (org_id, id) on delete cascade,
  foreign key (org_id, comment_id) references comments (org_id, id) on delete cascade,
  check (ready_at is null or uploaded_at is not null)
);
create index files_of_task on files (org_id, task_id, id);
create index files_of_comment on files (org_id, comment_id) where comment_id is not null;
create index files_in_use on files (org_id) include (size, uploaded_at, upload_until) where refused is null;
create index files_never_uploaded on files (upload_until) where uploaded_at is null;
create index files_refused on files (created_at) where refused is not null;

alter table files enable row level security;
alter table files force row level security;
create policy tenant on files to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select, delete on files to worklane_app;
grant insert (org_id, id, task_id, created_by, name, type, size, upload_until, created_at) on files to worklane_app;
grant update (comment_id, parts_id, uploaded_at) on files to worklane_app;
grant update (ready_at, refused, width, height, thumbnail_at) on files to worklane_worker;

-- Across tenants: which files there should be, and the end of those that nobody waits for.
create policy relay_sees on files for select to worklane_relay using (true);
create policy relay_ends on files for delete to worklane_relay using (
  (uploaded_at is null and upload_until < now()) or (refused <> 'lost' and created_at < now() - interval '1 day'));
create policy relay_misses on files for update to worklane_relay
  using (ready_at is not null) with check (refused = 'lost');
grant select (org_id, id, uploaded_at, upload_until, ready_at, refused, created_at), delete, update (refused)
  on files to worklane_relay;
-- What was uploaded and whose job is lost is looked at again.
grant insert on outbox to worklane_relay;

-- Whose row is gone, whichever way: the object store is told, and once more when no link to upload it is good any more.
create table removed_files (
  organisation_id uuid not null,
  id uuid not null,
  parts_id text,
  again_at timestamptz(3) not null,
  emptied_at timestamptz(3),
  primary key (organisation_id, id)
);
alter table removed_files enable row level security;
alter table removed_files force row level security;
create policy relay on removed_files to worklane_relay using (true) with check (true);
create policy keeper on removed_files for insert to worklane_keeper with check (true);
grant select, update (emptied_at), delete on removed_files to worklane_relay;
grant insert on removed_files to worklane_keeper;
create function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at)
  values (old.org_id, old.id, old.parts_id, old.upload_until);
  return null;
end $$;
create trigger empty_removed after delete on files for each row execute function empty_removed_file();
grant create on schema public to worklane_keeper;
alter function empty_removed_file owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

revoke insert on outbox from worklane_relay;
drop table files, removed_files;
drop function empty_removed_file;
