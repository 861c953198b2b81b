-- migrate:up

-- Stripe may refuse what follows of a reading, which was written by then: `written_began_at` stays, so that it is tried
-- again. What was told before the last written reading began is read all the same, and one job tries again: the one
-- that was told then, for as long as its last try is not long ago.
alter table billing_customers
  add column read_began_at timestamptz,
  add column retry_told_at timestamptz,
  add column retried_at timestamptz;
update billing_customers set read_began_at = written_began_at where written_began_at is not null;
grant update (read_began_at, retry_told_at, retried_at) on billing_customers to worklane_worker;
grant select (read_began_at, retried_at) on billing_customers to worklane_relay;

-- migrate:down

revoke select (read_began_at, retried_at) on billing_customers from worklane_relay;
alter table billing_customers drop column read_began_at, drop column retry_told_at, drop column retried_at;
