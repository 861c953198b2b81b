-- migrate:up

-- Who owes has a time from which they are read only, whether or not their subscription goes on.
create or replace function check_no_subscription() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if exists (select from subscriptions where org_id = old.id and subscription_goes_on(status)) then
    raise exception 'an organisation that is paid for is not removed: "subscriptions_go_on"'
      using errcode = '23001', constraint = 'subscriptions_go_on';
  end if;
  if old.read_only_at is not null then
    raise exception 'an organisation that owes is not removed: "invoices_are_owed"'
      using errcode = '23001', constraint = 'invoices_are_owed';
  end if;
  return old;
end $$;

-- migrate:down

create or replace function check_no_subscription() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if exists (select from subscriptions where org_id = old.id and subscription_goes_on(status)) then
    raise exception 'an organisation that is paid for is not removed: "subscriptions_go_on"'
      using errcode = '23001', constraint = 'subscriptions_go_on';
  end if;
  return old;
end $$;
