-- migrate:up

-- Mails that are of no organisation, such as a link to sign in: what the outbox is to organisations. A row goes as soon
-- as the queue has it, since its link signs somebody in.
create table account_mails (
  id uuid primary key default uuidv7(),
  payload jsonb not null
);
alter table account_mails enable row level security;
alter table account_mails force row level security;
create policy auth on account_mails for insert to worklane_auth with check (true);
grant insert (payload) on account_mails to worklane_auth;
create policy relay on account_mails to worklane_relay using (true);
-- To lock a row it must be able to change one.
grant select, update (id), delete on account_mails to worklane_relay;

-- migrate:down

drop table account_mails;
