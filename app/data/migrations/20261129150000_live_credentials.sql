-- migrate:up

-- Whether the credential of a write is still good, at the moment of the write, and whether its holder has proved
-- their address. Whoever ends sessions or keys, or proves the address, waits for the write that asked, or it for
-- them. Such writes of one person happen one after another: two that hold a session between them, and then want to
-- end it, would else meet in a deadlock. Order of locks: organisations, the person, the session or key.
create function credential_state(person uuid, session uuid, key uuid) returns text
language plpgsql security definer set search_path = public as $$
declare
  proved boolean;
begin
  select email_verified is not null into proved from users where id = person for no key update;
  if not found then return 'gone'; end if;
  if session is not null then
    perform from sessions where id = session and user_id = person and expires_at > now() for key share;
    if not found then return 'gone'; end if;
  end if;
  if key is not null then
    perform from api_keys where id = key and created_by = person and expires_at > now() for key share;
    if not found then return 'gone'; end if;
  end if;
  return case when proved then 'proved' else 'unproved' end;
end $$;

-- To lock a row is to be able to change it, as privileges go: keys by when they were last used.
grant select (id, email_verified), update (image) on users to worklane_keeper;
grant select (expires_at) on sessions to worklane_keeper;
grant select (id, created_by, expires_at), update (last_used_at) on api_keys to worklane_keeper;
create policy keeper on users to worklane_keeper using (true);
create policy keeper on api_keys to worklane_keeper using (true);
revoke all on function credential_state from public;
grant execute on function credential_state to worklane_app, worklane_auth;
grant create on schema public to worklane_keeper;
alter function credential_state owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- What earlier migrations changed in tables whose policies bind their owner too: an owner who is no superuser saw
-- no row of them, and changed none.
alter table idempotency no force row level security;
delete from idempotency where operation = 'me.setPassword';
alter table idempotency force row level security;
alter table tallies no force row level security;
alter table organisations no force row level security;
delete from tallies t where not exists (select from organisations o where o.id = t.org_id);
alter table organisations force row level security;
alter table tallies force row level security;

-- Organisations that concurrent changes left without an owner, or with two, before the database refused it: the
-- first owner stays, and where there is none the member with the highest role who came first becomes it.
alter table memberships no force row level security;
update memberships m set role = 'admin' from (
  select org_id, user_id, row_number() over (partition by org_id order by created_at, user_id) as place
  from memberships where role = 'owner') owners
where m.org_id = owners.org_id and m.user_id = owners.user_id and owners.place > 1;
update memberships m set role = 'owner' from (
  select distinct on (org_id) org_id, user_id from memberships x
  where not exists (select from memberships o where o.org_id = x.org_id and o.role = 'owner')
  order by org_id, role desc, created_at, user_id) heirs
where m.org_id = heirs.org_id and m.user_id = heirs.user_id;
-- Their end is checked now: a table with checks that wait cannot be altered.
set constraints all immediate;
alter table memberships force row level security;

-- migrate:down

drop function credential_state;
drop policy keeper on users;
drop policy keeper on api_keys;
revoke all on users, api_keys from worklane_keeper;
