import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { tenantDb } from '../runtime.ts'
import { type Metered, metered } from './plans.ts'
import { termsOfPrice } from './terms.ts'

/** What an invoice bills of a kind of usage: so many units from one time to another, in epoch seconds. */
type BilledUsage = {
  kind: Metered
  from: number
  to: number
  units: number
  /** Not by a draft, nor by what is void: that is billed by nothing else, and an item of its own makes up for it. */
  isBilled: boolean
}

/** What is billed of an organisation, and until when nothing is: what is used in a trial is free. Epoch seconds. */
export type Billed = { usage: BilledUsage[]; freeUntil: number }

/** A draft is finalised an hour after its period. So many seconds before that it counts as finalised. */
const safetySeconds = 300

/**
 * Reads what invoices bill of usage and no later usage changes. Of a price that was replaced that is fixed in the draft
 * already. https://docs.stripe.com/billing/subscriptions/usage-based
 * @param since invoices that were made from then on, as a period's is when it is over
 * @throws Stripe's errors
 */
export async function billedUsage(
  stripe: Stripe,
  actor: Pick<Actor, 'orgId'>,
  customer: string,
  since: Date,
): Promise<Billed> {
  const freeUntil = await endOfTrial(actor)
  const kinds = new Map<string, Metered | undefined>()
  const usage: BilledUsage[] = []
  const created = { gte: Math.floor(since.getTime() / 1000) }
  for await (const invoice of stripe.invoices.list({ customer, created, limit: 100 })) {
    const found = new Map<string, BilledUsage>()
    for (const { line, kind, units: more } of await usageOn(stripe, invoice, kinds)) {
      const { start: from, end: to } = line.period
      // What is billed ahead bills no usage, and says nothing of what will have been used by then.
      if (from >= to || to > invoice.created || to <= freeUntil) continue
      if (!isFixed(invoice, line)) continue
      const key = `${kind} ${from} ${to}`
      // Each tier of a price is a line of its own.
      const units = (found.get(key)?.units ?? 0) + more
      const isBilled = invoice.status !== 'draft' && invoice.status !== 'void'
      found.set(key, { kind, from, to, units, isBilled })
    }
    usage.push(...found.values())
  }
  return { usage, freeUntil }
}

/**
 * Until when usage was billed, where a time lies before that: what is told of it is on no invoice any more.
 * @returns epoch seconds; null for a time that is not billed yet, or free
 */
export function billedUntil({ usage, freeUntil }: Billed, kind: Metered, time: number): number | null {
  const until = Math.max(0, ...usage.filter((each) => each.kind === kind).map(({ to }) => to))
  return time < until && time >= freeUntil ? until : null
}

async function endOfTrial(actor: Pick<Actor, 'orgId'>): Promise<number> {
  const [row] = await tenantDb(actor).read(
    (db) => db.$queryRaw<{ trialEnd: Date | null }[]>`
      select max(trial_end) as "trialEnd" from subscriptions where org_id = (select current_org_id())`,
  )
  return (row?.trialEnd?.getTime() ?? 0) / 1000
}

function isFixed(invoice: Stripe.Invoice, { parent }: Stripe.InvoiceLineItem): boolean {
  if (invoice.status !== 'draft' || parent?.type === 'invoice_item_details') return true
  const at = invoice.automatically_finalizes_at
  return at !== null && at - safetySeconds <= Date.now() / 1000
}

/** What of an invoice is usage, as Stripe bills it, or as an item that makes up for what was discarded. */
export async function usageOn(
  stripe: Stripe,
  invoice: Stripe.Invoice,
  known = new Map<string, Metered | undefined>(),
): Promise<{ line: Stripe.InvoiceLineItem; kind: Metered; units: number }[]> {
  const usage: { line: Stripe.InvoiceLineItem; kind: Metered; units: number }[] = []
  for (const line of await linesOf(stripe, invoice)) {
    const madeUp = metered.find((kind) => kind === line.metadata.metered)
    const kind = madeUp ?? (await kindOf(stripe, line, known))
    const units = madeUp ? Number(line.metadata.units) : (line.quantity ?? 0)
    if (kind !== undefined) usage.push({ line, kind, units })
  }
  return usage
}

async function linesOf(stripe: Stripe, { id, lines }: Stripe.Invoice): Promise<Stripe.InvoiceLineItem[]> {
  if (!lines.has_more || id === undefined) return lines.data
  const all: Stripe.InvoiceLineItem[] = []
  for await (const line of stripe.invoices.listLineItems(id, { limit: 100 })) all.push(line)
  return all
}

/** @param known of the prices that were asked for before */
async function kindOf(
  stripe: Stripe,
  { pricing }: Stripe.InvoiceLineItem,
  known: Map<string, Metered | undefined>,
): Promise<Metered | undefined> {
  const price = pricing?.price_details?.price
  if (price === undefined) return undefined
  if (typeof price !== 'string') return termsOfPrice(price)?.kind
  if (!known.has(price)) known.set(price, termsOfPrice(await stripe.prices.retrieve(price))?.kind)
  return known.get(price)
}
