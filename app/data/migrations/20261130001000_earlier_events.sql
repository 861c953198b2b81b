-- migrate:up

-- Nothing said of earlier events whether they have had their effect. The nightly sweep has seen to all that are a day
-- old; without this they would count as waiting, for up to 90 days. Apart, so that no lock is held but those of its rows.
set local role worklane_keeper;
update stripe_events set processed_at = received_at
where processed_at is null and received_at < now() - interval '1 day';
reset role;

-- migrate:down
