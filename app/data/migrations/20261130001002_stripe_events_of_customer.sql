-- migrate:up transaction:false

-- What operators see of a customer.
-- Built while rows are written, in a migration of its own. Where that is cut off it leaves an index that is not valid:
-- drop it, and start again.
create index concurrently stripe_events_of_customer on stripe_events (customer, created desc, id desc);

-- migrate:down

drop index stripe_events_of_customer;
