import { largestEvent, takeIn } from '@worklane/domain/billing/intake.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { problemResponse } from './problem.ts'
import type { Variables } from './rest.ts'

const path = '/webhooks/stripe'

/** What services outside tell us. Whoever they are is said by their signature, and by no session. */
export function webhookRoutes() {
  const app = new Hono<{ Variables: Variables }>()
  const limit = bodyLimit({
    maxSize: largestEvent,
    onError: () => {
      throw new Problem('tooLarge', `the body must be at most ${largestEvent / 1024} kB`)
    },
  })
  app.use(path, async (context, next) => {
    context.set('route', `${context.req.method === 'POST' ? 'POST' : 'OTHER'} ${path}`)
    await next()
  })
  app.post(path, limit, async (context) => {
    // Byte for byte: the signature is over them.
    await takeIn(await context.req.text(), context.req.header('stripe-signature') ?? '')
    return context.json({ received: true })
  })
  app.all(path, (context) =>
    problemResponse(new Problem('methodNotAllowed', `${path} takes POST.`), context.get('requestId'), {
      Allow: 'POST',
    }),
  )
  return app
}
