-- migrate:up

-- Of a change that waits, or waited, for its payment: Stripe discards what it bills of usage where that does not come.
alter table invoices add column was_pending boolean not null default false;

-- migrate:down

alter table invoices drop column was_pending;
