-- migrate:up

-- An event has had its effect once a reading that began after it came was written. What waits for that is counted, and
-- looked up by customer.
create index stripe_events_oldest_waiting on stripe_events (received_at) where processed_at is null;
create index stripe_events_waiting on stripe_events (customer) where processed_at is null;
grant select (written_began_at) on billing_customers to worklane_intake;

-- A Redis that lost its memory lost the jobs of rows that were relayed: the relay sees which readings never came.
create index outbox_readings on outbox (relayed_at) where topic = 'billing.sync' and relayed_at is not null;
grant select (org_id, written_began_at) on billing_customers to worklane_relay;
create policy relay on billing_customers for select to worklane_relay using (true);

-- migrate:down

drop policy relay on billing_customers;
revoke select (org_id, written_began_at) on billing_customers from worklane_relay;
drop index outbox_readings;
revoke select (written_began_at) on billing_customers from worklane_intake;
drop index stripe_events_waiting, stripe_events_oldest_waiting;
