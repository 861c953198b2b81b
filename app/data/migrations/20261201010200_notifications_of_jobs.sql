-- migrate:up

alter type notification_kind add value if not exists 'exported';
alter type notification_kind add value if not exists 'imported';

-- migrate:down

-- A value of an enum cannot be taken away; what knows nothing of it never writes it.
select 1;
