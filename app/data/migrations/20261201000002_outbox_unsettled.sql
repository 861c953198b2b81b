-- migrate:up transaction:false

-- Which jobs have not ended yet, the oldest first.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently outbox_unsettled on outbox (relayed_at) where settled_at is null and relayed_at is not null;

-- migrate:down

drop index outbox_unsettled;
