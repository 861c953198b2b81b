-- migrate:up

-- What Stripe brings at the end of the period, by a schedule: all three or none.
alter table subscriptions
  add column scheduled_plan plan,
  add column scheduled_interval billing_interval,
  add column scheduled_at timestamptz(3),
  add constraint scheduled_as_a_whole check (num_nulls(scheduled_plan, scheduled_interval, scheduled_at) in (0, 3));

-- Until then somebody changes the subscription: one at a time. After it they are taken for dead.
alter table billing_customers add column changing_until timestamptz;
grant update (changing_until) on billing_customers to worklane_app;

-- migrate:down

revoke update (changing_until) on billing_customers from worklane_app;
alter table billing_customers drop column changing_until;
alter table subscriptions
  drop constraint scheduled_as_a_whole,
  drop column scheduled_plan,
  drop column scheduled_interval,
  drop column scheduled_at;
