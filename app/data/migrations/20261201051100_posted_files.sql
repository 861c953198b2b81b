-- migrate:up

-- Small files that are ready, and whose form is good for a while: what it posts once more goes, and nothing else. It has
-- a table of its own since workers of the version before take all of what stands in removed_files out of the store.
create table posted_files (
  organisation_id uuid not null,
  id uuid not null,
  form_until timestamptz(3) not null,
  primary key (organisation_id, id)
);
alter table posted_files enable row level security;
alter table posted_files force row level security;
create policy relay on posted_files to worklane_relay using (true) with check (true);
create policy keeper on posted_files for insert to worklane_keeper with check (true);
grant select, delete on posted_files to worklane_relay;
grant insert on posted_files to worklane_keeper;

create function note_posted_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into posted_files (organisation_id, id, form_until) values (old.org_id, old.id, old.upload_until)
  on conflict do nothing;
  return null;
end $$;
grant create on schema public to worklane_keeper;
alter function note_posted_file owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

drop trigger empty_posted on files;
create trigger empty_posted after update of ready_at on files for each row
  when (old.ready_at is null and new.ready_at is not null and old.parts_id is null)
  execute function note_posted_file();
-- Whoever migrates need not be a superuser, and must see every row.
alter table posted_files no force row level security;
alter table removed_files no force row level security;
insert into posted_files (organisation_id, id, form_until)
select organisation_id, id, again_at from removed_files where upload_only;
delete from removed_files where upload_only;
alter table removed_files force row level security;
alter table posted_files force row level security;
-- upload_only is true no more. It stays for the version before, which reads it.
create or replace function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at, size)
  values (old.org_id, old.id, old.parts_id, old.upload_until, old.size)
  on conflict (organisation_id, id) do update set emptied_at = null;
  return null;
end $$;

-- migrate:down

create or replace function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at, size, upload_only)
  values (old.org_id, old.id, old.parts_id, old.upload_until,
    case when tg_op = 'UPDATE' and new.ready_at is not null then 0 else old.size end,
    tg_op = 'UPDATE' and new.ready_at is not null)
  on conflict (organisation_id, id) do update
    set emptied_at = null, size = excluded.size, upload_only = excluded.upload_only;
  return null;
end $$;
drop trigger empty_posted on files;
create trigger empty_posted after update of ready_at on files for each row
  when (old.ready_at is null and new.ready_at is not null and old.parts_id is null)
  execute function empty_removed_file();
alter table posted_files no force row level security;
alter table removed_files no force row level security;
insert into removed_files (organisation_id, id, again_at, upload_only)
select organisation_id, id, form_until, true from posted_files on conflict do nothing;
alter table removed_files force row level security;
drop table posted_files;
drop function note_posted_file;
