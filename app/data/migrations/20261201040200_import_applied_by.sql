-- migrate:up

-- Who applied an import, which may be an admin and not who had the file checked: its tasks are theirs. No foreign key:
-- who is gone by then must not be taken for the other one.
alter table imports add applied_by uuid;
grant update (applied_by) on imports to worklane_app;

-- migrate:down

alter table imports drop applied_by;
