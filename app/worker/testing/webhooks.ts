import Stripe from 'stripe'

export type Delivered = { id: string }

/** Delivers an event to the API until it is taken, as Stripe does: what is not answered by 2xx is sent again. */
export async function deliver(
  api: string,
  event: Delivered,
  { secret, isOver }: { secret: string; isOver: () => boolean },
): Promise<void> {
  const body = JSON.stringify(event)
  for (let pause = 100; !isOver(); pause = Math.min(pause * 1.5, 1_000)) {
    const status = await fetch(`${api}/webhooks/stripe`, {
      method: 'POST',
      body,
      headers: { 'stripe-signature': signatureOf(body, secret), 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    if (status >= 200 && status < 300) return
    if (status >= 400 && status < 500) throw new Error(`the API refuses ${event.id}: ${status}`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

export const signatureOf = (payload: string, secret: string): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret })
