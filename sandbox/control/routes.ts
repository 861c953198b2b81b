import { Hono } from 'hono'
import { z } from 'zod'
import type { Sandbox } from '../core/sandbox.ts'
import { StripeError } from '../http/errors.ts'
import { Fault, type Faults } from '../http/faults.ts'
import { authenticate } from '../pages/authenticate-page.ts'
import { addMonths, day } from '../resources/calendar.ts'
import { checkOut } from '../resources/checkout-completion.ts'
import { openDispute } from '../resources/disputes.ts'
import type { Deliveries } from '../webhooks/deliver.ts'
import { DeliveryOptions } from '../webhooks/options.ts'
import {
  AuthenticateCommand,
  CheckoutCommand,
  ClockCommand,
  DisputeCommand,
  ReleaseCommand,
  SettingsCommand,
  SubscribersCommand,
} from './commands.ts'
import { addSubscribers } from './subscribers.ts'

type Parts = { sandbox: Sandbox; faults: Faults; deliveries: Deliveries; controlKey: string }

/** What nobody can do at Stripe: move its clock, break its requests, lose its events. client.ts is its other end. */
export function controlRoutes({ sandbox, faults, deliveries, controlKey }: Parts): Hono {
  const routes = new Hono()
  routes.use(async (context, next) => {
    if (context.req.header('authorization') !== `Bearer ${controlKey}`)
      return context.json(
        { error: 'The control key is missing or wrong; the sandbox prints it when it starts.' },
        401,
      )
    return next()
  })
  routes.onError((error, context) => {
    if (error instanceof z.ZodError) return context.json({ error: z.prettifyError(error) }, 400)
    if (error instanceof StripeError) return context.json({ error: error.message }, 400)
    throw error
  })

  const state = () => ({
    now: sandbox.clock.now,
    isFrozen: sandbox.clock.isFrozen,
    deliveries: deliveries.pending,
    settings: sandbox.settings,
  })

  routes.get('/state', (context) => context.json(state()))

  routes.post('/clock', async (context) => {
    const command = ClockCommand.parse(await context.req.json())
    const { clock } = sandbox
    if (command.frozen === true) clock.freeze()
    const to =
      command.to ??
      addMonths(clock.now, command.months ?? 0) + (command.days ?? 0) * day + (command.seconds ?? 0)
    if (to < clock.now)
      return context.json({ error: `The clock stands at ${clock.now} and goes only forward.` }, 400)
    sandbox.advance(clock, to)
    if (command.frozen === false) clock.unfreeze()
    return context.json(state())
  })

  routes.post('/settings', async (context) => {
    Object.assign(sandbox.settings, SettingsCommand.parse(await context.req.json()))
    return context.json(state())
  })

  routes.post('/faults', async (context) => {
    faults.set(z.array(Fault).parse(await context.req.json()))
    return context.json(state())
  })

  routes.post('/deliveries', async (context) => {
    deliveries.set(DeliveryOptions.parse(await context.req.json()))
    return context.json(state())
  })

  routes.get('/deliveries', (context) => context.json({ deliveries: deliveries.log }))

  routes.post('/deliveries/release', async (context) => {
    const { order, among } = ReleaseCommand.parse(await context.req.json())
    return context.json({ released: deliveries.release(order, among) })
  })

  routes.post('/deliveries/resend', async (context) => {
    const { event } = z.strictObject({ event: z.string() }).parse(await context.req.json())
    return context.json({ sent: deliveries.resend(event) })
  })

  routes.post('/authenticate', async (context) => {
    const { intent, confirmed } = AuthenticateCommand.parse(await context.req.json())
    return context.json({ status: authenticate(sandbox, intent, confirmed) })
  })

  routes.post('/disputes', async (context) => {
    const { charge, reason } = DisputeCommand.parse(await context.req.json())
    return context.json({ dispute: sandbox.transaction(() => openDispute(sandbox, charge, reason)).id })
  })

  routes.post('/checkout', async (context) => {
    const { session, number, email, name } = CheckoutCommand.parse(await context.req.json())
    const outcome = checkOut(sandbox, session, {
      card: { number, exp_month: 12, exp_year: 2090, cvc: '123' },
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
    })
    return context.json(outcome)
  })

  routes.post('/subscribers', async (context) => {
    const command = SubscribersCommand.parse(await context.req.json())
    return context.json({ customers: addSubscribers(sandbox, command) })
  })

  return routes
}
