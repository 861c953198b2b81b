-- migrate:up

-- A session gets a new token from time to time. Requests that were under way with the old one are still answered
-- for a moment.
alter table sessions add column previous_hash text unique, add column previous_until timestamptz;

-- migrate:down

alter table sessions drop column previous_hash, drop column previous_until;
