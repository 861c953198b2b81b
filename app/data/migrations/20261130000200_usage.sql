-- migrate:up

-- How much of what a plan meters was used in a month of UTC: the first of three books. The limit of a month is held by
-- its row.
create table usage_months (
  org_id uuid not null references organisations on delete cascade,
  kind text not null check (kind in ('requests', 'storage')),
  month date not null check (month = date_trunc('month', month)),
  used bigint not null default 0 check (used >= 0),
  primary key (org_id, kind, month)
);

-- The second: each amount as it was used, once for its identifier. Of a paid plan an hour of it goes to Stripe.
create table usage_events (
  org_id uuid not null references organisations on delete cascade,
  identifier uuid not null,
  kind text not null check (kind in ('requests', 'storage')),
  quantity bigint not null check (quantity > 0),
  hour timestamptz(3) not null,
  recorded_at timestamptz(3) not null default clock_timestamp(),
  -- In the row of its hour.
  rolled_up boolean not null default false,
  primary key (org_id, identifier)
);
create index usage_events_open on usage_events (hour, org_id) where not rolled_up;
create index usage_events_by_hour on usage_events (org_id, kind, hour);

-- The third: what Stripe is told. An hour has one part; what was committed after it was rolled up is another one.
create table usage_hours (
  org_id uuid not null references organisations on delete cascade,
  kind text not null check (kind in ('requests', 'storage')),
  hour timestamptz(3) not null,
  part integer not null check (part > 0),
  quantity bigint not null check (quantity > 0),
  -- When Stripe was told first: so long its identifier is good.
  told_at timestamptz(3),
  -- Since when it is known that Stripe has it.
  sent_at timestamptz(3),
  primary key (org_id, kind, hour, part)
);
create index usage_hours_waiting on usage_hours (hour, org_id) where sent_at is null;

-- What was written to the people who run an organisation about its billing: once for each cause.
create table billing_mails (
  org_id uuid not null references organisations on delete cascade,
  kind text not null,
  -- The invoice or the subscription.
  about text not null,
  attempt integer not null default 0,
  written_at timestamptz(3) not null default now(),
  primary key (org_id, about, kind, attempt)
);

do $$
declare tenant_table text;
begin
  foreach tenant_table in array array['usage_months', 'usage_events', 'usage_hours', 'billing_mails'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format(
      'create policy tenant on %I to worklane_app using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))',
      tenant_table);
    execute format('grant select on %I to worklane_app', tenant_table);
  end loop;
end $$;
grant update (rolled_up), delete on usage_events to worklane_worker;
grant insert, update (told_at, sent_at) on usage_hours to worklane_worker;
grant insert on billing_mails to worklane_worker;

-- Whose hours are over, or not known to be with Stripe: their organisation's worker is told.
grant select (org_id, hour, rolled_up) on usage_events to worklane_intake;
grant select (org_id, hour, sent_at) on usage_hours to worklane_intake;
grant select (org_id, month) on usage_months to worklane_intake;
create policy intake on usage_events for select to worklane_intake using (true);
create policy intake on usage_hours for select to worklane_intake using (true);
create policy intake on usage_months for select to worklane_intake using (true);

/*
 * Takes so much of a month's allowance as there is of it, and records it.
 * @param most null for as much as one likes
 * @param recorded false where nobody is told what was used: billing is off
 * @returns how much was given; for an identifier that is known, what was given then
 */
create function take_usage(what text, known_by uuid, wanted integer, most bigint, recorded boolean)
returns integer language plpgsql security definer set search_path = public as $$
declare
  organisation uuid := current_org_id();
  moment timestamp := clock_timestamp() at time zone 'UTC';
  this_month date := date_trunc('month', moment)::date;
  so_far bigint;
  given integer;
begin
  loop
    select used into so_far from usage_months
      where org_id = organisation and kind = what and month = this_month for update;
    exit when found;
    insert into usage_months (org_id, kind, month) values (organisation, what, this_month) on conflict do nothing;
  end loop;
  select quantity into given from usage_events where org_id = organisation and identifier = known_by;
  if found then return given; end if;
  given := least(wanted, greatest(coalesce(most, so_far + wanted) - so_far, 0));
  if given = 0 then return 0; end if;
  if recorded then
    insert into usage_events (org_id, identifier, kind, quantity, hour)
    values (organisation, known_by, what, given, date_trunc('hour', moment) at time zone 'UTC');
  end if;
  update usage_months set used = so_far + given
    where org_id = organisation and kind = what and month = this_month;
  return given;
end $$;
revoke all on function take_usage from public;
grant execute on function take_usage to worklane_app;

-- When there is something to write to an organisation, or to take from it, though Stripe tells nothing.
alter table billing_customers add column look_at timestamptz(3);
create index billing_customers_due on billing_customers (look_at) where look_at is not null;
grant update (look_at) on billing_customers to worklane_worker, worklane_intake;
grant select (look_at) on billing_customers to worklane_intake;
create policy intake_looks on billing_customers for update to worklane_intake using (true);

grant select, insert, update on usage_months to worklane_keeper;
grant select, insert on usage_events to worklane_keeper;
create policy keeper on usage_months to worklane_keeper using (true) with check (true);
create policy keeper on usage_events to worklane_keeper using (true) with check (true);
grant create on schema public to worklane_keeper;
alter function take_usage owner to worklane_keeper;
revoke create on schema public from worklane_keeper;

-- migrate:down

drop function take_usage;
drop policy intake_looks on billing_customers;
alter table billing_customers drop column look_at;
drop table billing_mails, usage_hours, usage_events, usage_months;
