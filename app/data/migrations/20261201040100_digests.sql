-- migrate:up

-- How often somebody gets the mail about what they have not read, in each organisation. Who has no row gets none.
create table digests (
  org_id uuid not null,
  user_id uuid not null,
  every text not null check (every in ('off', 'daily', 'weekly')),
  -- Whoever follows a link of such a mail is not signed in: this is what they know.
  unsubscribe_token uuid not null default gen_random_uuid() unique,
  due_at timestamptz(3),
  primary key (org_id, user_id),
  foreign key (org_id, user_id) references memberships on delete cascade,
  check ((every = 'off') = (due_at is null))
);
create index digests_due on digests (due_at) where due_at is not null;

-- One for each person, organisation and period, whatever crashes: it is made with its row of the outbox.
create table digest_mails (
  org_id uuid not null,
  user_id uuid not null,
  -- The organisation's day on which it was due.
  period date not null,
  made_at timestamptz(3) not null default now(),
  -- A worker that sends it says so first; where it dies, another one does after a while.
  claimed_at timestamptz(3),
  -- It was sent, or there was nothing to tell.
  settled_at timestamptz(3),
  primary key (org_id, user_id, period),
  foreign key (org_id, user_id) references digests on delete cascade
);
create index digest_mails_by_age on digest_mails (made_at);

-- The next morning in a zone, at eight, of every day or of a Monday; null for who gets none.
create function next_digest(every text, zone text, since timestamptz) returns timestamptz language sql stable as $$
  select min(morning) from generate_series(0, 8) as n,
    lateral (select (since at time zone zone)::date + n as day) as days,
    lateral (select (day + time '08:00') at time zone zone as morning) as mornings
  where morning > since and (every = 'daily' or every = 'weekly' and extract(isodow from day) = 1)
$$;

do $$
declare each_table text;
begin
  foreach each_table in array array['digests', 'digest_mails'] loop
    execute format('alter table %I enable row level security', each_table);
    execute format('alter table %I force row level security', each_table);
    execute format($policy$create policy tenant on %I to worklane_app
      using (org_id = (select current_org_id())) with check (org_id = (select current_org_id()))$policy$, each_table);
    execute format('create policy relay on %I to worklane_relay using (true) with check (true)', each_table);
  end loop;
end $$;

grant select, insert (org_id, user_id, every, due_at), update (every, due_at) on digests to worklane_app;
grant select on digest_mails to worklane_app;
grant update (claimed_at, settled_at) on digest_mails to worklane_worker;
-- Nobody is written to whose address is not proved.
grant select (email_verified) on users to worklane_worker;

-- Who joins gets them, in the zone of what they join; who has the token of one may end it.
grant select (time_zone) on organisations to worklane_auth;
create policy auth on digests to worklane_auth using (true) with check (true);
grant select, insert (org_id, user_id, every, due_at), update (every, due_at) on digests to worklane_auth;

-- The schedule looks at who is due, across organisations, and at nothing that they work on.
grant select (org_id, user_id, every, due_at), update (due_at) on digests to worklane_relay;
grant select, insert (org_id, user_id, period), delete on digest_mails to worklane_relay;
create policy relay on organisations for select to worklane_relay using (true);
grant select (id, time_zone) on organisations to worklane_relay;

-- migrate:down

revoke select (email_verified) on users from worklane_worker;
revoke select (time_zone) on organisations from worklane_auth;
revoke select (id, time_zone) on organisations from worklane_relay;
drop policy relay on organisations;
drop function next_digest;
drop table digest_mails, digests;
