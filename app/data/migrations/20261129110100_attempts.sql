-- migrate:up

-- How often somebody tried something of which so much is allowed in a while, such as a password of an account: by
-- a digest of who tried and what, so that no address of anybody is kept. It holds without Redis.
create table attempts (
  key text primary key,
  count integer not null default 1,
  until timestamptz not null
);
create index attempts_by_end on attempts (until);
grant select, insert, update, delete on attempts to worklane_auth;

-- migrate:down

drop table attempts;
