-- migrate:up

-- The picture of a person and of an organisation: the version that is shown. Only workers put one there; its object is
-- below a key that is made of whose it is and this id (app/data/picture-keys.ts).
alter table users add column avatar uuid;
alter table organisations add column logo uuid;
grant select (avatar) on users to worklane_app;
grant update (avatar) on users to worklane_worker;
create policy worker_shows on users for update to worklane_worker
  using (exists (select from memberships m where m.org_id = (select current_org_id()) and m.user_id = users.id));
-- To take it away; that a new one was checked is seen to by the trigger below.
grant update (logo) on organisations to worklane_app;

-- Pictures on their way: announced, posted, checked. The row goes as its picture is shown.
create table picture_uploads (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  -- Whose avatar it will be, uploaded while they worked in this organisation; null of the organisation's own logo.
  user_id uuid references users on delete cascade,
  type text not null check (length(type) between 1 and 100),
  size integer not null check (size > 0),
  upload_until timestamptz(3) not null,
  uploaded_at timestamptz(3),
  -- Only workers say so.
  refused text check (refused in ('type', 'size', 'broken')),
  created_at timestamptz(3) not null default now(),
  primary key (org_id, id)
);
create index picture_uploads_of_person on picture_uploads (org_id, user_id, id);
create index picture_uploads_by_id on picture_uploads (id);
create index picture_uploads_by_person on picture_uploads (user_id) where user_id is not null;
create index picture_uploads_by_age on picture_uploads (created_at);

alter table picture_uploads enable row level security;
alter table picture_uploads force row level security;
create policy tenant on picture_uploads to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select, delete on picture_uploads to worklane_app;
grant insert (org_id, id, user_id, type, size, upload_until) on picture_uploads to worklane_app;
grant update (uploaded_at) on picture_uploads to worklane_app;
grant update (refused) on picture_uploads to worklane_worker;
-- Who takes their picture away ends what is on its way from any organisation.
create policy auth on picture_uploads to worklane_auth using (user_id is not null);
grant select (user_id), delete on picture_uploads to worklane_auth;
-- Across tenants: which pictures there should be, and the end of uploads that nobody waits for.
create policy relay_sees on picture_uploads for select to worklane_relay using (true);
create policy relay_ends on picture_uploads for delete to worklane_relay using (
  (uploaded_at is null and upload_until < now()) or (refused is not null and created_at < now() - interval '1 day'));
grant select (org_id, id, user_id, uploaded_at, upload_until, refused, created_at), delete
  on picture_uploads to worklane_relay;
create policy relay_sees on users for select to worklane_relay using (avatar is not null);
create policy relay_sees on organisations for select to worklane_relay using (logo is not null);
grant select (id, avatar) on users to worklane_relay;
grant select (id, logo) on organisations to worklane_relay;

-- A picture that nobody is shown any more, whichever way: the object store is told, and once more when the form to
-- upload it is good no more.
create table removed_pictures (
  id uuid primary key,
  kind text not null check (kind in ('person', 'organisation')),
  owner_id uuid not null,
  again_at timestamptz(3) not null,
  emptied_at timestamptz(3)
);
alter table removed_pictures enable row level security;
alter table removed_pictures force row level security;
create policy relay on removed_pictures to worklane_relay using (true) with check (true);
create policy keeper on removed_pictures to worklane_keeper using (true) with check (true);
grant select, update (emptied_at), delete on removed_pictures to worklane_relay;
grant select (id, again_at), insert, update (emptied_at) on removed_pictures to worklane_keeper;

create function empty_removed_picture(kind text, owner uuid, picture uuid, again timestamptz) returns void
  language sql security definer set search_path = public as $$
  insert into removed_pictures (id, kind, owner_id, again_at) values (picture, kind, owner, again)
  on conflict (id) do update set emptied_at = null
$$;
create function follow_picture_upload() returns trigger language plpgsql security definer set search_path = public as $$
begin
  perform empty_removed_picture(case when old.user_id is null then 'organisation' else 'person' end,
    coalesce(old.user_id, old.org_id), old.id, old.upload_until);
  return null;
end $$;
create trigger follow_ended after delete on picture_uploads for each row execute function follow_picture_upload();

-- An avatar stands in answers that every organisation of the person keeps: they are forgotten (app/domain/tags.ts).
create function follow_avatar() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if old.avatar is not null then
    perform empty_removed_picture('person', old.id, old.avatar, now());
  end if;
  if tg_op = 'UPDATE' then
    insert into cache_outbox (keys)
    select array_agg('cache:{' || m.org_id || '}/' || t.tag)
    from memberships m, unnest(array['person:' || old.id, 'members', 'organisation', 'tasks', 'work']) as t (tag)
    where m.user_id = old.id having count(*) > 0;
  end if;
  return null;
end $$;
create trigger follow_avatar after update on users
  for each row when (old.avatar is distinct from new.avatar) execute function follow_avatar();
create trigger follow_avatar_of_removed after delete on users
  for each row when (old.avatar is not null) execute function follow_avatar();

create function follow_logo() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if old.logo is not null then
    perform empty_removed_picture('organisation', old.id, old.logo, now());
  end if;
  if tg_op = 'UPDATE' then
    insert into cache_outbox (keys) values (array['cache:{' || old.id || '}/organisation']);
  end if;
  return null;
end $$;
create trigger follow_logo after update on organisations
  for each row when (old.logo is distinct from new.logo) execute function follow_logo();
create trigger follow_logo_of_removed after delete on organisations
  for each row when (old.logo is not null) execute function follow_logo();

revoke execute on function empty_removed_picture from public;
grant create on schema public to worklane_keeper;
alter function empty_removed_picture owner to worklane_keeper;
alter function follow_picture_upload owner to worklane_keeper;
alter function follow_avatar owner to worklane_keeper;
alter function follow_logo owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop trigger follow_logo_of_removed on organisations;
drop trigger follow_logo on organisations;
drop trigger follow_avatar_of_removed on users;
drop trigger follow_avatar on users;
drop table picture_uploads, removed_pictures;
drop function follow_logo(), follow_avatar(), follow_picture_upload(), empty_removed_picture(text, uuid, uuid, timestamptz);
drop policy relay_sees on organisations;
drop policy relay_sees on users;
drop policy worker_shows on users;
alter table organisations drop column logo;
alter table users drop column avatar;
