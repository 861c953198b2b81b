-- migrate:up

-- Where an organisation wants to be told of what happens in it. The secrets are sealed (app/data/sealed.ts).
create table webhook_endpoints (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  url text not null check (length(url) between 1 and 2000),
  description text not null default '' check (length(description) <= 200),
  events text[] not null check (cardinality(events) between 1 and 100),
  secret text not null,
  -- The one before, which signs as well until then.
  previous_secret text,
  previous_until timestamptz(3),
  disabled_at timestamptz(3),
  disabled_because text check (disabled_because in ('person', 'failing', 'gone')),
  -- Since when nothing has arrived; null where the latest did.
  failing_since timestamptz(3),
  created_by uuid references users on delete set null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (org_id, id),
  check ((disabled_at is null) = (disabled_because is null)),
  check ((previous_secret is null) = (previous_until is null))
);

-- What happened, as it is sent, once for all endpoints. Its id is that of its row of the outbox.
create table webhook_events (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null,
  type text not null check (length(type) between 1 and 100),
  body text not null,
  created_at timestamptz(3) not null default now(),
  primary key (org_id, id)
);
create index webhook_events_by_age on webhook_events (created_at);

-- That an event is to reach an endpoint, and how far that is.
create table webhook_deliveries (
  org_id uuid not null references organisations on delete cascade,
  id uuid not null default uuidv7(),
  event_id uuid not null,
  endpoint_id uuid not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  -- Tries so far, and of these the ones since it was last asked for by a person.
  attempts integer not null default 0,
  retries integer not null default 0,
  last_at timestamptz(3),
  last_status integer,
  last_error text,
  -- When it is tried next, as it is told to people; and when its try is asked for (again), as workers go by.
  next_at timestamptz(3),
  ask_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  primary key (org_id, id),
  -- An event reaches an endpoint by one delivery, however often its job runs.
  unique (org_id, event_id, endpoint_id),
  foreign key (org_id, event_id) references webhook_events (org_id, id) on delete cascade,
  foreign key (org_id, endpoint_id) references webhook_endpoints (org_id, id) on delete cascade,
  check ((state = 'waiting') = (ask_at is not null))
);
create index webhook_deliveries_of_endpoint on webhook_deliveries (org_id, endpoint_id, id);
create index webhook_deliveries_to_ask on webhook_deliveries (ask_at) where state = 'waiting';

-- Every try, with what came of it.
create table webhook_attempts (
  org_id uuid not null references organisations on delete cascade,
  delivery_id uuid not null,
  number integer not null,
  at timestamptz(3) not null,
  duration_ms integer not null,
  status integer,
  error text,
  response text not null default '',
  primary key (org_id, delivery_id, number),
  foreign key (org_id, delivery_id) references webhook_deliveries (org_id, id) on delete cascade
);

do $$
declare tenant_table text;
begin
  foreach tenant_table in array
    array['webhook_endpoints', 'webhook_events', 'webhook_deliveries', 'webhook_attempts'] loop
    execute format('alter table %I enable row level security', tenant_table);
    execute format('alter table %I force row level security', tenant_table);
    execute format('create policy tenant on %I to worklane_app
      using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))', tenant_table);
  end loop;
end $$;

grant select, insert, update, delete on webhook_endpoints to worklane_app;
grant select, insert on webhook_events to worklane_app;
grant select, insert, update on webhook_deliveries to worklane_app;
grant select on webhook_attempts to worklane_app;
grant insert on webhook_attempts to worklane_worker;

-- Who joins or leaves does so across tenants: whether anybody wants to be told of it.
create policy auth_sees on webhook_endpoints for select to worklane_auth using (true);
grant select (org_id, events, disabled_at) on webhook_endpoints to worklane_auth;

-- Across tenants: whose next try is due, and the end of what is old.
create policy relay_asks on webhook_deliveries to worklane_relay using (true) with check (true);
grant select (org_id, id, state, attempts, ask_at), update (ask_at) on webhook_deliveries to worklane_relay;
create policy relay_ends on webhook_events to worklane_relay using (created_at < now() - interval '30 days');
grant select (org_id, id, created_at), delete on webhook_events to worklane_relay;

-- migrate:down

drop table webhook_attempts, webhook_deliveries, webhook_events, webhook_endpoints;
