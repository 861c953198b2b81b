/** Books requests ($3) of an organisation ($1) as if they had been made in an hour ($2). */
export const usedAt = `
  with month as (
    insert into usage_months (org_id, kind, month, used) values
      ($1, 'requests', date_trunc('month', $2::timestamptz at time zone 'UTC'), $3)
    on conflict (org_id, kind, month) do update set used = usage_months.used + excluded.used
  )
  insert into usage_events (org_id, identifier, kind, quantity, hour)
  values ($1, gen_random_uuid(), 'requests', $3, $2)`
