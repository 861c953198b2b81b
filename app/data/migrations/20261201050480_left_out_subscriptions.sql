-- migrate:up

-- One that was ours and has no price of ours any more: while another goes on, that is the one that counts.
alter table subscriptions add column left_out boolean;
grant select (left_out) on subscriptions to worklane_operator;

-- migrate:down

revoke select (left_out) on subscriptions from worklane_operator;
alter table subscriptions drop column left_out;
