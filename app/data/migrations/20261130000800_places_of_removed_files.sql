-- migrate:up

-- A form is good until its end, whatever became of the file's row: what may still come by it keeps its place until then.
alter table removed_files add column size bigint not null default 0 check (size >= 0);
create index removed_files_in_use on removed_files (organisation_id) include (size, again_at, emptied_at);
create policy tenant on removed_files for select to worklane_app
  using (organisation_id = (select current_org_id()));
grant select (organisation_id, size, again_at, emptied_at) on removed_files to worklane_app;

-- One that was refused is there already as its row goes: it is looked at anew.
drop policy keeper on removed_files;
create policy keeper on removed_files to worklane_keeper using (true) with check (true);
grant select (organisation_id, id), update (emptied_at) on removed_files to worklane_keeper;
create or replace function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at, size)
  values (old.org_id, old.id, old.parts_id, old.upload_until, old.size)
  on conflict (organisation_id, id) do update set emptied_at = null;
  return null;
end $$;
create trigger empty_refused after update of refused on files for each row
  when (old.refused is null and new.refused is not null and new.ready_at is null)
  execute function empty_removed_file();

-- migrate:down

drop trigger empty_refused on files;
create or replace function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at)
  values (old.org_id, old.id, old.parts_id, old.upload_until)
  on conflict do nothing;
  return null;
end $$;
revoke select (organisation_id, id), update (emptied_at) on removed_files from worklane_keeper;
drop policy keeper on removed_files;
create policy keeper on removed_files for insert to worklane_keeper with check (true);
revoke select (organisation_id, size, again_at, emptied_at) on removed_files from worklane_app;
drop policy tenant on removed_files;
drop index removed_files_in_use;
alter table removed_files drop column size;
