-- migrate:up transaction:false

-- What operators see of events that wait.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently stripe_events_unprocessed on stripe_events (created desc, id desc) where processed_at is null;

-- migrate:down

drop index stripe_events_unprocessed;
