-- migrate:up

-- Which time Stripe was told of an hour whose own period was billed already; null where it is the hour's end.
alter table usage_hours add column told_as timestamptz(3);
grant update (told_as) on usage_hours to worklane_worker;

-- migrate:down

alter table usage_hours drop column told_as;
