import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operations } from '../operations.ts'
import type { SubscribersCommand } from './commands.ts'

type Subscriber = SubscribersCommand['subscribers'][number]

/**
 * Makes many subscribers at once, each by the operations that its own requests would have asked for.
 * @returns the customers' ids, in the order of the subscribers
 * @throws StripeError where a price or a card is not known
 */
export function addSubscribers(
  sandbox: Sandbox,
  { subscribers, everySeconds }: SubscribersCommand,
): string[] {
  const { clock } = sandbox
  return subscribers.map((subscriber, place) => {
    if (place > 0 && everySeconds > 0) sandbox.advance(clock, clock.now + everySeconds)
    return sandbox.transaction(() => subscribe(sandbox, subscriber))
  })
}

function subscribe(sandbox: Sandbox, subscriber: Subscriber): string {
  const { name, email, metadata, country, card, nextCard, price, quantity } = subscriber
  const address = country === undefined ? {} : { address: { country } }
  const { id } = run(sandbox, 'POST /v1/customers', { name, email, metadata, ...address })
  payBy(sandbox, id, card)
  run(sandbox, 'POST /v1/subscriptions', {
    customer: id,
    items: [{ price: priceBy(sandbox, price), quantity }],
    automatic_tax: { enabled: country !== undefined },
    off_session: true,
  })
  if (nextCard !== undefined) payBy(sandbox, id, nextCard)
  return id
}

function payBy(sandbox: Sandbox, customer: string, card: string): void {
  const method = run(sandbox, 'POST /v1/payment_methods/{payment_method}/attach', { customer }, card)
  const settings = { invoice_settings: { default_payment_method: method.id } }
  run(sandbox, 'POST /v1/customers/{customer}', settings, customer)
}

function run(
  sandbox: Sandbox,
  route: string,
  params: Record<string, unknown>,
  ...ids: string[]
): { id: string } {
  const found = operations.find((each) => each.route === route)
  if (!found) throw new Error(`the sandbox has no operation "${route}"`)
  return found.run(sandbox, params, ...ids) as { id: string }
}

/** @throws StripeError where no price that is in use has the key */
function priceBy(sandbox: Sandbox, lookupKey: string): string {
  for (const { id, active, lookup_key } of sandbox.table('price').newestFirst())
    if (active && lookup_key === lookupKey) return id
  throw invalid(`No price has the look-up key ${lookupKey}.`, 'price')
}
