-- migrate:up

-- Who runs Worklane. No request can write this: only who owns the database, by the functions below.
create table operators (
  user_id uuid primary key references users on delete cascade,
  granted_at timestamptz(3) not null default now()
);

-- What operators did, and what came of it. No role may change or remove an entry, and none goes with the account of who
-- did it: it is no reference.
create table operator_actions (
  id uuid primary key default uuidv7(),
  at timestamptz(3) not null default now(),
  -- Null for what the owner of the database did.
  operator_id uuid,
  operator_email text,
  action text not null,
  target text not null,
  -- 'asked' stands there before anything is done; without another one of the same request nobody knows how it ended.
  outcome text not null check (outcome in ('asked', 'done', 'refused', 'failed')),
  detail text not null default '',
  request_id text not null default ''
);
create index operator_actions_of_request on operator_actions (request_id);

do $$
declare each_table text;
begin
  foreach each_table in array array['operators', 'operator_actions'] loop
    execute format('alter table %I enable row level security', each_table);
    execute format('alter table %I force row level security', each_table);
  end loop;
end $$;

-- Whether somebody who is signed in is one is asked where sessions are.
create policy auth on operators for select to worklane_auth using (true);
grant select (user_id) on operators to worklane_auth;

-- Operators see what Stripe told and what was made of it, and nothing of what organisations work on.
grant usage on schema public to worklane_operator;
grant select, insert on operator_actions to worklane_operator;
create policy support_reads on operator_actions for select to worklane_operator using (true);
create policy support_writes on operator_actions for insert to worklane_operator
  with check (operator_id is not null and operator_email is not null);
grant select on stripe_events to worklane_operator;
create policy support on stripe_events for select to worklane_operator using (true);
grant select on billing_customers to worklane_operator;
create policy support on billing_customers for select to worklane_operator using (true);
grant select (id, name, plan, read_only_at) on organisations to worklane_operator;
create policy support on organisations for select to worklane_operator using (true);
grant select (org_id, id, status, plan, "interval", seats, period_end, trial_end, cancel_at, created_at)
  on subscriptions to worklane_operator;
create policy support on subscriptions for select to worklane_operator using (true);

-- They may have a customer looked at, and nothing else done; the organisation reads in its own log that they did.
grant insert (org_id, topic, payload) on outbox to worklane_operator;
create policy support on outbox for insert to worklane_operator with check (topic = 'billing.sync');
grant insert (org_id, operation, target, request_id) on audit_log to worklane_operator;
create policy support on audit_log for insert to worklane_operator
  with check (actor_id is null and operation = 'operator.resync');

-- For the owner of the database, who is a member of worklane_keeper; nobody else may call them.
create function add_operator(address text) returns text
language plpgsql security definer set search_path = public as $$
declare account users;
begin
  select u.id, u.email, u.email_verified into account.id, account.email, account.email_verified
  from users u where lower(u.email) = lower(address);
  if account.id is null then return 'no account'; end if;
  if account.email_verified is null then return 'not proved'; end if;
  insert into operators (user_id) values (account.id) on conflict do nothing;
  if not found then return 'already'; end if;
  insert into operator_actions (action, target, outcome) values ('operator.add', account.email, 'done');
  return 'added';
end $$;

create function remove_operator(address text) returns text
language plpgsql security definer set search_path = public as $$
declare known text;
begin
  delete from operators o using users u where u.id = o.user_id and lower(u.email) = lower(address)
  returning u.email into known;
  if known is null then return 'no operator'; end if;
  insert into operator_actions (action, target, outcome) values ('operator.remove', known, 'done');
  return 'removed';
end $$;

create function list_operators() returns table (email text, granted_at timestamptz)
language sql stable security definer set search_path = public as $$
  select u.email, o.granted_at from operators o join users u on u.id = o.user_id order by u.email
$$;

revoke all on function add_operator, remove_operator, list_operators from public;
grant select, insert, delete on operators to worklane_keeper;
create policy keeper on operators to worklane_keeper using (true) with check (true);
grant insert on operator_actions to worklane_keeper;
create policy keeper on operator_actions for insert to worklane_keeper with check (true);
grant select (email) on users to worklane_keeper;
grant create on schema public to worklane_keeper;
alter function add_operator owner to worklane_keeper;
alter function remove_operator owner to worklane_keeper;
alter function list_operators owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop function add_operator, remove_operator, list_operators;
revoke select (email) on users from worklane_keeper;
drop policy support on audit_log;
drop policy support on outbox;
drop policy support on subscriptions;
drop policy support on organisations;
drop policy support on billing_customers;
drop policy support on stripe_events;
revoke insert (org_id, operation, target, request_id) on audit_log from worklane_operator;
revoke insert (org_id, topic, payload) on outbox from worklane_operator;
revoke select (org_id, id, status, plan, "interval", seats, period_end, trial_end, cancel_at, created_at)
  on subscriptions from worklane_operator;
revoke select (id, name, plan, read_only_at) on organisations from worklane_operator;
revoke select on billing_customers, stripe_events from worklane_operator;
revoke usage on schema public from worklane_operator;
drop table operators, operator_actions;
