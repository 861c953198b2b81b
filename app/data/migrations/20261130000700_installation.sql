-- migrate:up

-- Which installation this database is of. The bucket of its files says the same: what holds one against the other
-- removes what only one of them has, and must never do so with somebody else's.
create table installation (
  id uuid primary key default uuidv7(),
  -- Since when the bucket says so.
  bucket_bound_at timestamptz(3)
);
create unique index one_installation on installation ((true));
insert into installation default values;
alter table installation enable row level security;
alter table installation force row level security;
create policy relay on installation to worklane_relay using (true) with check (true);
grant select, update (bucket_bound_at) on installation to worklane_relay;

-- Customers whom a payments sandbox knows and Stripe does not: a sandbox is started beside a database only where it
-- holds no others. Like `population`, nothing of Worklane's reads it.
create table sandbox_customers (
  stripe_id text primary key
);

-- migrate:down

drop table sandbox_customers, installation;
