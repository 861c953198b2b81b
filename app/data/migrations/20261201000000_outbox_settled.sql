-- migrate:up

-- When the job of a row ended: it had its effect, or operators have its dead letter. Until then a Redis that lost its
-- memory has it enqueued again.
alter table outbox add column settled_at timestamptz;
update outbox set settled_at = relayed_at where relayed_at is not null;
grant update (settled_at) on outbox to worklane_relay;

-- migrate:down
alter table outbox drop column settled_at;
