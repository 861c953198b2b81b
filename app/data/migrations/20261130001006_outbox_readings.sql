-- migrate:up transaction:false

-- A Redis that lost its memory lost the jobs of rows that were relayed: the relay sees which readings never came.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently outbox_readings on outbox (relayed_at) where topic = 'billing.sync' and relayed_at is not null;

-- migrate:down

drop index outbox_readings;
