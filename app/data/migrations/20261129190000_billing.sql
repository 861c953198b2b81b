-- migrate:up

create type billing_interval as enum ('month', 'year');

-- From then on an organisation is read only, until it has paid; null for one that owes nothing.
alter table organisations add column read_only_at timestamptz(3);

-- Which customer of Stripe an organisation is. Readings of Stripe are numbered as they begin, one at a time: one that
-- ends after a later one was written is not written any more.
create table billing_customers (
  org_id uuid primary key references organisations on delete cascade,
  stripe_id text not null unique,
  readings bigint not null default 0,
  written_reading bigint not null default 0,
  -- Of the reading that was written last.
  written_began_at timestamptz,
  written_at timestamptz(3),
  -- Until then somebody reads; after it they are taken for dead.
  held_until timestamptz,
  created_at timestamptz(3) not null default now()
);

-- The rest is what Stripe said last. Money is in minor units of its currency.
create table subscriptions (
  org_id uuid not null references organisations on delete cascade,
  id text not null,
  status text not null,
  plan plan not null,
  "interval" billing_interval not null,
  seats integer not null check (seats >= 0),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  seat_amount bigint not null check (seat_amount >= 0),
  period_start timestamptz(3) not null,
  period_end timestamptz(3) not null,
  trial_end timestamptz(3),
  -- When it ends, where somebody has cancelled it.
  cancel_at timestamptz(3),
  ended_at timestamptz(3),
  -- Money above zero came for it: a trial that turns active has not been paid for yet.
  paid_at timestamptz(3),
  created_at timestamptz(3) not null,
  primary key (org_id, id)
);

-- Whether an organisation has what its subscription is for.
create function subscription_goes_on(status text) returns boolean language sql immutable parallel safe
  return status in ('trialing', 'active', 'past_due', 'unpaid');

create table invoices (
  org_id uuid not null references organisations on delete cascade,
  id text not null,
  subscription_id text,
  number text,
  status text not null,
  currency text not null check (currency ~ '^[a-z]{3}$'),
  total bigint not null,
  tax bigint not null,
  amount_due bigint not null,
  amount_paid bigint not null,
  attempts integer not null,
  next_attempt_at timestamptz(3),
  period_start timestamptz(3) not null,
  period_end timestamptz(3) not null,
  finalized_at timestamptz(3),
  paid_at timestamptz(3),
  -- Since when it could have been paid and was not.
  overdue_since timestamptz(3),
  hosted_url text,
  pdf_url text,
  created_at timestamptz(3) not null,
  primary key (org_id, id)
);
create index invoices_latest on invoices (org_id, created_at desc, id desc);

create table payments (
  org_id uuid not null references organisations on delete cascade,
  id text not null,
  invoice_id text not null,
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount bigint not null check (amount > 0),
  paid_at timestamptz(3) not null,
  primary key (org_id, id)
);

create table refunds (
  org_id uuid not null references organisations on delete cascade,
  id text not null,
  payment_id text not null,
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount bigint not null check (amount > 0),
  status text not null,
  created_at timestamptz(3) not null,
  primary key (org_id, id)
);

-- What happened to money, once for each cause and for good. Debits are above zero, credits below, and each cause sums
-- to zero.
create table ledger_entries (
  org_id uuid not null references organisations on delete cascade,
  cause text not null,
  account text not null check (account in ('receivable', 'revenue', 'tax', 'cash', 'customer balance', 'written off')),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount bigint not null check (amount <> 0),
  at timestamptz(3) not null,
  primary key (org_id, cause, account)
);
create function check_balanced() returns trigger language plpgsql as $$
begin
  if (select sum(amount) from ledger_entries where org_id = new.org_id and cause = new.cause) <> 0 then
    raise exception 'the entries of % do not sum to zero', new.cause using errcode = '23514';
  end if;
  return null;
end $$;
create constraint trigger balanced after insert on ledger_entries deferrable initially deferred
  for each row execute function check_balanced();

-- What Stripe told, as it told it; only who takes it in may see it.
create table stripe_events (
  id text primary key,
  type text not null,
  customer text,
  created timestamptz(3) not null,
  received_at timestamptz(3) not null default now(),
  payload jsonb not null,
  processed_at timestamptz(3)
);
create index stripe_events_latest on stripe_events (created desc, id desc);
alter table stripe_events enable row level security;
alter table stripe_events force row level security;
create policy intake on stripe_events to worklane_intake using (true) with check (true);
grant usage on schema public to worklane_intake;
grant select, insert on stripe_events to worklane_intake;
grant update (processed_at), delete on stripe_events to worklane_intake;
grant select (org_id, stripe_id) on billing_customers to worklane_intake;
grant insert on outbox to worklane_intake;

do $$
declare tenant_table text;
begin
  foreach tenant_table in array array[
    'billing_customers', 'subscriptions', 'invoices', 'payments', 'refunds', 'ledger_entries'
  ] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to worklane_app using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))',
      tenant_table);
    execute format('grant select on %I to worklane_app', tenant_table);
  end loop;
end $$;
create policy intake on billing_customers for select to worklane_intake using (true);
create policy intake on outbox for insert to worklane_intake with check (true);

-- Requests name their customer; what Stripe says is written by workers alone.
grant insert on billing_customers to worklane_app;
grant update (readings, written_reading, written_began_at, written_at, held_until) on billing_customers to worklane_worker;
grant insert, update on subscriptions, invoices, payments, refunds to worklane_worker;
grant insert on ledger_entries to worklane_worker;
grant update (plan, read_only_at) on organisations to worklane_worker;
grant select (read_only_at) on organisations to worklane_auth;

-- A plan stands in what Redis keeps of every session that works in the organisation.
create function follow_changed_plan() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into cache_outbox (keys)
  select array_remove(array['session:' || s.token_hash, 'session:' || s.previous_hash], null)
  from sessions s where s.active_org_id = new.id and s.expires_at > now();
  return null;
end $$;
create trigger follow_plan after update on organisations
  for each row when ((old.plan, old.read_only_at) is distinct from (new.plan, new.read_only_at))
  execute function follow_changed_plan();

-- Whose organisation is gone: nobody may go on paying for it, nor begin to by a page that is still open.
create table ended_customers (
  stripe_id text primary key,
  ended_at timestamptz(3) not null default now()
);
alter table ended_customers enable row level security;
alter table ended_customers force row level security;
create policy intake on ended_customers to worklane_intake using (true);
create policy keeper on ended_customers for insert to worklane_keeper with check (true);
grant select, delete on ended_customers to worklane_intake;
grant insert on ended_customers to worklane_keeper;
create function end_customer() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into ended_customers (stripe_id) values (old.stripe_id);
  return null;
end $$;
create trigger end_removed after delete on billing_customers for each row execute function end_customer();

-- Links that are good no more, and those that nobody could use: of addresses without an account.
create policy relay on verification_tokens to worklane_relay using (true);
grant select (expires), delete on verification_tokens to worklane_relay;

-- Who goes on paying for what is gone would have nobody to stop it.
create function check_no_subscription() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if exists (select from subscriptions where org_id = old.id and subscription_goes_on(status)) then
    raise exception 'an organisation that is paid for is not removed: "subscriptions_go_on"'
      using errcode = '23001', constraint = 'subscriptions_go_on';
  end if;
  return old;
end $$;
create trigger no_subscription before delete on organisations
  for each row execute function check_no_subscription();
grant select on subscriptions to worklane_keeper;
create policy keeper on subscriptions for select to worklane_keeper using (true);

-- Seats follow the members, whichever way they come and go: their organisation's billing is looked at.
create function follow_members() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into outbox (org_id, topic, payload)
  select distinct c.org_id, 'billing.sync', '{}'::jsonb
  from changed join billing_customers c on c.org_id = changed.org_id
    join organisations o on o.id = c.org_id
    join subscriptions s on s.org_id = c.org_id and subscription_goes_on(s.status);
  return null;
end $$;
create trigger follow_joined after insert on memberships
  referencing new table as changed for each statement execute function follow_members();
create trigger follow_left after delete on memberships
  referencing old table as changed for each statement execute function follow_members();
grant select on billing_customers to worklane_keeper;
grant insert on outbox to worklane_keeper;
create policy keeper on billing_customers for select to worklane_keeper using (true);
create policy keeper on outbox for insert to worklane_keeper with check (true);

-- The same sessions, for the worker that changed the plan: it does not wait for the relay.
create function sessions_here() returns table (token_hash text, previous_hash text)
language sql stable security definer set search_path = public as $$
  select token_hash, previous_hash from sessions where active_org_id = current_org_id() and expires_at > now()
$$;
revoke all on function sessions_here from public;
grant execute on function sessions_here to worklane_worker;
create index sessions_by_organisation on sessions (active_org_id);
grant select (expires_at) on sessions to worklane_keeper;
grant create on schema public to worklane_keeper;
alter function follow_changed_plan owner to worklane_keeper;
alter function sessions_here owner to worklane_keeper;
alter function follow_members owner to worklane_keeper;
alter function end_customer owner to worklane_keeper;
alter function check_no_subscription owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop trigger follow_joined on memberships;
drop trigger follow_left on memberships;
drop trigger follow_plan on organisations;
drop trigger no_subscription on organisations;
drop function follow_changed_plan, sessions_here, check_no_subscription, follow_members;
drop index sessions_by_organisation;
drop table stripe_events, ledger_entries, refunds, payments, invoices, subscriptions, billing_customers, ended_customers;
drop function end_customer;
drop policy relay on verification_tokens;
revoke select (expires), delete on verification_tokens from worklane_relay;
drop function check_balanced, subscription_goes_on;
drop policy intake on outbox;
drop policy keeper on outbox;
revoke insert on outbox from worklane_keeper;
revoke insert on outbox from worklane_intake;
revoke usage on schema public from worklane_intake;
alter table organisations drop column read_only_at;
revoke update (plan) on organisations from worklane_worker;
drop type billing_interval;
