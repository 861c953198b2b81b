-- migrate:up

-- An event has had its effect once a reading that began after it came was written.
grant select (written_began_at) on billing_customers to worklane_intake;

-- A Redis that lost its memory lost the jobs of rows that were relayed: the relay sees which readings never came.
grant select (org_id, written_began_at) on billing_customers to worklane_relay;
create policy relay on billing_customers for select to worklane_relay using (true);

-- For the events of before, in the next migration: only as this may the owner of the database see them.
create policy earlier on stripe_events to worklane_keeper using (true);
grant select, update (processed_at) on stripe_events to worklane_keeper;

-- migrate:down

revoke select, update (processed_at) on stripe_events from worklane_keeper;
drop policy earlier on stripe_events;
drop policy relay on billing_customers;
revoke select (org_id, written_began_at) on billing_customers from worklane_relay;
revoke select (written_began_at) on billing_customers from worklane_intake;
