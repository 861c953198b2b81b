-- migrate:up

-- Refunds and disputes name a payment and no customer: whose it is says our own row of it.
grant select (org_id, id) on payments to worklane_intake;
create policy intake on payments for select to worklane_intake using (true);

-- migrate:down

drop policy intake on payments;
revoke select (org_id, id) on payments from worklane_intake;
