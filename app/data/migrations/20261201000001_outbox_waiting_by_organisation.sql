-- migrate:up transaction:false

-- The relay takes waiting rows organisation by organisation, so that nobody waits behind ten thousand of another's.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently outbox_waiting_by_organisation on outbox (org_id, id) where relayed_at is null;

-- migrate:down

drop index outbox_waiting_by_organisation;
