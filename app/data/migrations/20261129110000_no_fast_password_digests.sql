-- migrate:up
-- Digests of inputs that held passwords, made in one unsalted round; from now on they are made as slowly as the
-- password's own hash. Their calls are a day old at most, and may happen once more.
delete from idempotency where operation = 'me.setPassword';

-- migrate:down
