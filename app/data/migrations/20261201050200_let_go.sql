-- migrate:up

-- A change that was scheduled and let go for another one, until it is known what came of that: put back where nothing did.
-- How many changes Stripe has answered: another try is another request.
alter table billing_customers
  add column let_go jsonb,
  add column changes_answered bigint not null default 0;
grant update (let_go, changes_answered) on billing_customers to worklane_app;

-- Whose turn ended by itself, or with something to put back, is looked at.
create index billing_customers_changing on billing_customers (changing_until) where changing_until is not null;
grant select (changing_until), update (changing_until) on billing_customers to worklane_intake;

-- migrate:down

revoke select (changing_until), update (changing_until) on billing_customers from worklane_intake;
drop index billing_customers_changing;
revoke update (let_go, changes_answered) on billing_customers from worklane_app;
alter table billing_customers drop column let_go, drop column changes_answered;
