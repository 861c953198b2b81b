-- migrate:up

-- Checks that began and came to no end, since their worker died: what ends workers is not read for ever.
alter table files add column checks_begun smallint not null default 0;
alter table picture_uploads add column checks_begun smallint not null default 0;
-- How often the hourly sweep has asked for a check that no queue keeps any more: each time waits twice as long.
alter table files add column asked_again smallint not null default 0;
alter table picture_uploads add column asked_again smallint not null default 0;
grant update (checks_begun) on files, picture_uploads to worklane_worker;
grant select (asked_again), update (asked_again) on files, picture_uploads to worklane_relay;
grant update (refused) on picture_uploads to worklane_relay;
create policy relay_asks on files for update to worklane_relay
  using (uploaded_at is not null and ready_at is null and refused is null)
  with check (ready_at is null and (refused is null or refused = 'broken'));
create policy relay_asks on picture_uploads for update to worklane_relay
  using (uploaded_at is not null and refused is null) with check (refused is null or refused = 'broken');

-- A form may be posted once more after its file was checked: of such a file only that goes, once its form is good no
-- more. It takes no room of the plan meanwhile: nobody who uploads as they should would know why theirs counts twice.
alter table removed_files add column upload_only boolean not null default false;
grant select (size, upload_only), update (size, upload_only) on removed_files to worklane_keeper;
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
create trigger empty_posted after update of ready_at on files for each row
  when (old.ready_at is null and new.ready_at is not null and old.parts_id is null)
  execute function empty_removed_file();

-- migrate:down

drop trigger empty_posted on files;
create or replace function empty_removed_file() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into removed_files (organisation_id, id, parts_id, again_at, size)
  values (old.org_id, old.id, old.parts_id, old.upload_until, old.size)
  on conflict (organisation_id, id) do update set emptied_at = null;
  return null;
end $$;
delete from removed_files where upload_only;
revoke select (size, upload_only), update (size, upload_only) on removed_files from worklane_keeper;
alter table removed_files drop column upload_only;
drop policy relay_asks on picture_uploads;
drop policy relay_asks on files;
revoke update (refused) on picture_uploads from worklane_relay;
alter table picture_uploads drop column asked_again, drop column checks_begun;
alter table files drop column asked_again, drop column checks_begun;
