-- migrate:up

-- Nobody is invited to own an organisation: ownership is transferred.
alter table invitations add constraint invitations_role check (role <> 'owner');

-- Whoever stops being the owner, or becomes it, leaves exactly one behind, at the end of their transaction. The
-- organisation's row is locked, so that of two such transactions the second one counts what the first one left.
create function check_one_owner() returns trigger language plpgsql security definer set search_path = public as $$
declare
  organisation uuid := case when tg_op = 'DELETE' then old.org_id else new.org_id end;
  members bigint;
  owners bigint;
begin
  perform from organisations where id = organisation for no key update;
  if not found then return null; end if;
  select count(*), count(*) filter (where role = 'owner') into members, owners
  from memberships where org_id = organisation;
  if owners > 1 or (owners = 0 and members > 0) then
    raise exception 'organisation % would have % owners', organisation, owners
      using errcode = 'unique_violation', constraint = 'memberships_owner', table = 'memberships';
  end if;
  return null;
end $$;
create constraint trigger one_owner_changed after update of role on memberships deferrable initially deferred
  for each row when ((old.role = 'owner') <> (new.role = 'owner')) execute function check_one_owner();
create constraint trigger one_owner_removed after delete on memberships deferrable initially deferred
  for each row when (old.role = 'owner') execute function check_one_owner();

-- What the application adds is looked at before: only an organisation without members gets an owner by an insert.
-- Its body is a text: the table does not depend on it, and can be dropped with its owner.
create function has_members(organisation uuid) returns boolean language sql stable security definer set search_path = public as $$
  select exists (select from memberships where org_id = organisation)
$$;
create policy founder on memberships as restrictive for insert to worklane_app, worklane_auth
  with check (role <> 'owner' or not has_members(org_id));

-- Who removes their account, or joins, waits for whoever else changes the members.
grant update (name) on organisations to worklane_auth;

grant select on memberships to worklane_keeper;
grant update (name) on organisations to worklane_keeper;
create policy keeper on memberships for select to worklane_keeper using (true);
create policy keeper_locks on organisations for update to worklane_keeper using (true);
revoke all on function has_members from public;
grant execute on function has_members to worklane_app, worklane_auth;
grant create on schema public to worklane_keeper;
alter function check_one_owner owner to worklane_keeper;
alter function has_members owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- An organisation that goes takes its members along, and their tasks lose their assignee: a change that was half
-- counted, and left a figure behind of an organisation that is no more.
create or replace function tally_tasks_on_update() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into tallies
  select org_id, measure, subject, sum(n) from (
    select t.org_id, measure, subject, n
    from (select *, 1 as n from added union all select *, -1 as n from removed) t
    cross join lateral (values
      (t.status::text, t.project_id::text),
      ('open by assignee', case when t.status <> 'done' then t.assignee_id::text end),
      ('open by due day', case when t.status <> 'done' then t.due_on::text end),
      ('done by day', case when t.status = 'done' then (t.done_at at time zone 'UTC')::date::text end)
    ) figures (measure, subject)
    where subject is not null
  ) changes
  where exists (select from organisations o where o.id = org_id)
  group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
  on conflict (org_id, measure, subject) do update set count = tallies.count + excluded.count;
  return null;
end $$;
delete from tallies t where not exists (select from organisations o where o.id = t.org_id);

-- migrate:down

drop policy founder on memberships;
drop trigger one_owner_changed on memberships;
drop trigger one_owner_removed on memberships;
drop function check_one_owner, has_members;
drop policy keeper on memberships;
drop policy keeper_locks on organisations;
alter table invitations drop constraint invitations_role;
-- Not the right to read memberships, which the migration before it gave as well.
revoke update (name) on organisations from worklane_auth, worklane_keeper;
