-- migrate:up transaction:false

-- The intake finds a payment across organisations.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently payments_by_id on payments (id);

-- migrate:down

drop index payments_by_id;
