import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

export type Received = {
  path: string
  headers: IncomingHttpHeaders
  /** `webhook-id`. */
  id: string
  body: string
  /** What it was answered; 0 where the connection was cut off. */
  status: number
}

export type Receiver = {
  url: string
  /** Everything that came, in its order. */
  received: Received[]
  /** What the next ones are answered: a status, or 0 for a connection that is cut off. */
  answer: (request: Omit<Received, 'status'>) => number | Promise<number>
  close(): Promise<void>
}

/** A customer's own program that takes webhooks. */
export async function startReceiver(headers: Record<string, string> = {}): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    received: [],
    answer: () => 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer(async (request, response) => {
    const told = {
      path: request.url ?? '',
      headers: request.headers,
      id: String(request.headers['webhook-id']),
      body: await text(request).catch(() => ''),
    }
    const status = await receiver.answer(told)
    receiver.received.push({ ...told, status })
    if (status === 0) return request.socket.destroy()
    response.writeHead(status, headers).end(status < 300 ? 'taken' : 'not taken')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return receiver
}

/** What a request says, as a receiver reads it. @throws where no signature of it is the secret's */
export const verified = ({ body, headers }: Pick<Received, 'body' | 'headers'>, secret: string) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string
    timestamp: string
    data: Record<string, unknown>
  }
