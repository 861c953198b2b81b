-- migrate:up

-- outbox_waiting_by_organisation has taken its place.
drop index outbox_waiting;

-- migrate:down

create index outbox_waiting on outbox (id) where relayed_at is null;
