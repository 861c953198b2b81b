-- migrate:up transaction:false

-- Since when the oldest event waits.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently stripe_events_oldest_waiting on stripe_events (received_at) where processed_at is null;

-- migrate:down

drop index stripe_events_oldest_waiting;
