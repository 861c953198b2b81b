-- migrate:up

-- What was refused says why for a day from then on, however long it waited for its check. Of what was refused before
-- this column it is not known: its own time counts. A trigger, since workers of the version before refuse as well.
alter table files add column refused_at timestamptz(3);
alter table picture_uploads add column refused_at timestamptz(3);
create function note_refused() returns trigger language plpgsql as $$
begin
  new.refused_at := now();
  return new;
end $$;
create trigger note_refused before update of refused on files for each row
  when (old.refused is null and new.refused is not null) execute function note_refused();
create trigger note_refused before update of refused on picture_uploads for each row
  when (old.refused is null and new.refused is not null) execute function note_refused();
grant select (refused_at) on files, picture_uploads to worklane_relay;

-- The version before asks for what was begun a day ago: it gets no more of that than may go.
alter policy relay_ends on files using ((uploaded_at is null and upload_until < now())
  or (refused <> 'lost' and coalesce(refused_at, created_at) < now() - interval '1 day'));
alter policy relay_ends on picture_uploads using ((uploaded_at is null and upload_until < now())
  or (refused is not null and coalesce(refused_at, created_at) < now() - interval '1 day'));

-- migrate:down

alter policy relay_ends on picture_uploads using (
  (uploaded_at is null and upload_until < now()) or (refused is not null and created_at < now() - interval '1 day'));
alter policy relay_ends on files using (
  (uploaded_at is null and upload_until < now()) or (refused <> 'lost' and created_at < now() - interval '1 day'));
drop trigger note_refused on picture_uploads;
drop trigger note_refused on files;
drop function note_refused;
alter table picture_uploads drop column refused_at;
alter table files drop column refused_at;
