-- migrate:up

-- What was not sent is found by outbox.settled_at, as all other work.
drop table billing_letters;

-- migrate:down

create table billing_letters (
  org_id uuid not null references organisations on delete cascade,
  outbox_id uuid not null,
  written_at timestamptz(3) not null default now(),
  sent_at timestamptz(3),
  primary key (org_id, outbox_id)
);
create index billing_letters_unsent on billing_letters (written_at) where sent_at is null;
alter table billing_letters enable row level security;
alter table billing_letters force row level security;
create policy tenant on billing_letters to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select on billing_letters to worklane_app;
grant insert (org_id, outbox_id), update (sent_at) on billing_letters to worklane_worker;
create policy relay on billing_letters for select to worklane_relay using (true);
grant select on billing_letters to worklane_relay;
