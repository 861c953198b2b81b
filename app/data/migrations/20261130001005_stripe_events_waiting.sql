-- migrate:up transaction:false

-- Which events a reading has done.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently stripe_events_waiting on stripe_events (customer) where processed_at is null;

-- migrate:down

drop index stripe_events_waiting;
