-- migrate:up

-- When it was first known that an invoice could not be charged: of a debit that fails days later than it was tried not
-- when that was. Kept while a further debit is under way, of which nothing is owed meanwhile.
alter table invoices add column failed_at timestamptz(3);
update invoices set failed_at = overdue_since where overdue_since is not null;

-- migrate:down

alter table invoices drop column failed_at;
