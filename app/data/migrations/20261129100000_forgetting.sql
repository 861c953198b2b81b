-- migrate:up

-- What Redis must forget because of a transaction, written by that transaction: it is forgotten even if the writer
-- dies, or Redis is away, right after the commit. Keys of Redis, no data; the relay sees to them and prunes them.
create table cache_outbox (
  id uuid primary key default uuidv7(),
  keys text[] not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz
);
create index cache_outbox_waiting on cache_outbox (id) where applied_at is null;
create index cache_outbox_by_age on cache_outbox (created_at);
alter table cache_outbox enable row level security;
alter table cache_outbox force row level security;
create policy writer on cache_outbox for insert to worklane_app, worklane_auth, worklane_keeper with check (true);
create policy relay on cache_outbox to worklane_relay using (true) with check (true);
grant insert on cache_outbox to worklane_app, worklane_auth, worklane_keeper;
grant select, update (applied_at), delete on cache_outbox to worklane_relay;

-- When a session began by a proof of the address: a link by mail, an invitation, a provider. Null for a password.
alter table sessions add column proved_at timestamptz;

-- Whatever ends or changes a session, by a statement, a foreign key or by hand, leaves its row in the same
-- transaction. To be seen is no change.
create function forget_session() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into cache_outbox (keys)
  values (array_remove(array['session:' || old.token_hash, 'session:' || old.previous_hash], null));
  return null;
end $$;
create trigger forget_ended after delete on sessions
  for each row when (old.expires_at > now()) execute function forget_session();
create trigger forget_changed after update on sessions
  for each row when ((old.token_hash, old.previous_hash, old.previous_until, old.user_id, old.active_org_id, old.version, old.expires_at)
    is distinct from (new.token_hash, new.previous_hash, new.previous_until, new.user_id, new.active_org_id, new.version, new.expires_at))
  execute function forget_session();

-- Who is no member any more works on where they became one first, if anywhere, and what they invited to is no more.
create function follow_ended_memberships() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update sessions s set active_org_id = (
    select m.org_id from memberships m join organisations o on o.id = m.org_id
    where m.user_id = s.user_id order by m.created_at, m.org_id limit 1)
  from ended e where s.user_id = e.user_id and s.active_org_id = e.org_id;
  delete from invitations i using ended e where i.org_id = e.org_id and i.invited_by = e.user_id;
  return null;
end $$;
create trigger follow_ended after delete on memberships
  referencing old table as ended for each statement execute function follow_ended_memberships();

-- A role stands in what Redis keeps of a session, and decides what invitations may give.
create function follow_changed_role() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into cache_outbox (keys)
  select array_remove(array['session:' || s.token_hash, 'session:' || s.previous_hash], null)
  from sessions s where s.user_id = new.user_id and s.active_org_id = new.org_id;
  delete from invitations i
  where i.org_id = new.org_id and i.invited_by = new.user_id and (new.role < 'admin' or i.role > new.role);
  return null;
end $$;
create trigger follow_role after update on memberships
  for each row when (old.role is distinct from new.role) execute function follow_changed_role();

grant select (id, user_id, active_org_id, token_hash, previous_hash), update (active_org_id) on sessions to worklane_keeper;
grant select on memberships to worklane_keeper;
grant select, delete on invitations to worklane_keeper;
create policy keeper on sessions to worklane_keeper using (true) with check (true);
create policy keeper_follows on memberships for select to worklane_keeper using (true);
create policy keeper on invitations to worklane_keeper using (true);
grant create on schema public to worklane_keeper;
alter function forget_session owner to worklane_keeper;
alter function follow_ended_memberships owner to worklane_keeper;
alter function follow_changed_role owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- The proof of an address takes the keys that were made before it, and waits for whoever changes the members.
grant delete on api_keys to worklane_auth;
grant update (name) on organisations to worklane_auth;

-- migrate:down

revoke delete on api_keys from worklane_auth;
revoke update (name) on organisations from worklane_auth;
drop trigger follow_role on memberships;
drop trigger follow_ended on memberships;
drop trigger forget_changed on sessions;
drop trigger forget_ended on sessions;
drop function follow_changed_role, follow_ended_memberships, forget_session;
drop policy keeper on invitations;
drop policy keeper_follows on memberships;
drop policy keeper on sessions;
revoke all on sessions, memberships, invitations from worklane_keeper;
alter table sessions drop column proved_at;
drop table cache_outbox;
