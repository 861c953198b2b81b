-- migrate:up

-- Lists go on by these times, and a cursor, as JavaScript, knows milliseconds: rows of one millisecond that differed by
-- less were lost between two pages.
alter table tasks alter column updated_at type timestamptz(3);
alter table comments alter column created_at type timestamptz(3);
alter table activity alter column at type timestamptz(3);

-- migrate:down

alter table tasks alter column updated_at type timestamptz;
alter table comments alter column created_at type timestamptz;
alter table activity alter column at type timestamptz;
