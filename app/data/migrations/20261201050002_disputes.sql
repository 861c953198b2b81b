-- migrate:up

-- What holders of cards had their banks take back, as Stripe said last.
create table disputes (
  org_id uuid not null references organisations on delete cascade,
  id text not null,
  payment_id text not null,
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount bigint not null check (amount >= 0),
  status text not null,
  created_at timestamptz(3) not null,
  primary key (org_id, id)
);
alter table disputes enable row level security;
alter table disputes force row level security;
create policy tenant on disputes to worklane_app
  using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()));
grant select on disputes to worklane_app;
grant insert, update on disputes to worklane_worker;

-- migrate:down

drop table disputes;
