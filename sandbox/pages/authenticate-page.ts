import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Sandbox } from '../core/sandbox.ts'
import { answerAuthentication } from '../resources/payment-confirmation.ts'
import { answerSetupAuthentication } from '../resources/setup-intents.ts'
import { page } from './layout.ts'

/** Where a card's holder confirms a payment, as a bank's page would ask. */
export function authenticatePages(sandbox: Sandbox): Hono {
  const pages = new Hono()

  pages.get('/authenticate/:id', (context) => {
    const id = context.req.param('id')
    if (waiting(sandbox, id) === undefined)
      return context.html(page('Nothing to confirm', html`<h1>There is nothing to confirm</h1>`), 404)
    return context.html(
      page(
        'Confirm',
        html`<h1>Your bank wants you to confirm</h1>
          <form method="post" action="/authenticate/${id}">
            <button name="answer" value="confirm">Confirm</button>
            <button name="answer" value="refuse">Refuse</button>
          </form>`,
      ),
    )
  })

  pages.post('/authenticate/:id', async (context) => {
    const id = context.req.param('id')
    const intent = waiting(sandbox, id)
    if (intent === undefined)
      return context.html(page('Nothing to confirm', html`<h1>There is nothing to confirm</h1>`), 404)
    const { answer } = await context.req.parseBody()
    const isConfirmed = answer === 'confirm'
    const status = authenticate(sandbox, id, isConfirmed)
    const session = sandbox.intentSessions.get(id)
    const { return_url: returnUrl } = intent.next_action?.redirect_to_url ?? {}
    const isDone = status === 'succeeded' || status === 'requires_capture'
    if (session !== undefined) return context.redirect(`/checkout/${session}${isDone ? '' : '?failed'}`, 303)
    if (returnUrl) return context.redirect(returnUrl, 303)
    return context.html(
      page(
        'Confirmed',
        html`<h1>${isDone ? 'Thank you, that is confirmed' : 'The payment was not made'}</h1>`,
      ),
    )
  })

  return pages
}

/** What a card's holder answers. @returns the state of the intent after it */
export function authenticate(sandbox: Sandbox, id: string, isConfirmed: boolean): string {
  return sandbox.transaction(() =>
    id.startsWith('seti_')
      ? answerSetupAuthentication(sandbox, id, isConfirmed).status
      : answerAuthentication(sandbox, id, isConfirmed).status,
  )
}

type Waiting = { next_action: { redirect_to_url?: { return_url: string | null } } | null; status: string }

function waiting(sandbox: Sandbox, id: string): Waiting | undefined {
  const intent = sandbox.find('payment_intent', id) ?? sandbox.find('setup_intent', id)
  return intent?.status === 'requires_action' ? (intent as Waiting) : undefined
}
