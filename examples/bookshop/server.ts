import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** What goes wrong on purpose, to see a run go red. */
export type Faults = { slowBooks?: number; leakEvery?: number }

/** An app of somebody else's: five bookshops behind one address, whose customers have signed cookies. */
export function bookshop(secret: string, { slowBooks = 0, leakEvery = 0 }: Faults = {}): Server {
  let asked = 0
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    const [shop, customer, signature] = (/customer=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? '').split('.')
    const expected = createHmac('sha256', secret).update(`${shop}.${customer}`).digest('base64url')
    if (signature !== expected) return void response.writeHead(401).end('who are you?')
    // The fault: now and then the shelf of the next shop.
    const shown = leakEvery > 0 && ++asked % leakEvery === 0 ? Number(shop) + 1 : shop
    const book = /^\/api\/books\/(\d+)$/.exec(url)?.[1]
    if (method === 'GET' && url === '/') return void response.end(`<h1>Books of shop-${shown};</h1>`)
    if (method === 'GET' && book) {
      await new Promise((resolve) => setTimeout(resolve, slowBooks))
      const body = JSON.stringify({ id: Number(book), title: `Volume ${book}`, soldBy: `shop-${shown};` })
      const etag = `"${createHash('sha1').update(body).digest('hex')}"`
      if (headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end()
      return void response.writeHead(200, { etag, 'content-type': 'application/json' }).end(body)
    }
    if (method === 'POST' && url === '/api/orders') {
      const order = JSON.parse(await text(request)) as { book: number }
      return void response.writeHead(201).end(JSON.stringify(order))
    }
    response.writeHead(404).end()
  }
  return createServer((request, response) => {
    // One request that cannot be read must not close the shop.
    answer(request, response).catch((error: Error) => response.writeHead(400).end(error.message))
  })
}

if (import.meta.main) {
  const { PORT = '4321', HEADROOM_SESSION_SECRET = '', FAULTS = '{}' } = process.env
  if (!HEADROOM_SESSION_SECRET) throw new Error('HEADROOM_SESSION_SECRET is not set: what signs the cookies')
  bookshop(HEADROOM_SESSION_SECRET, JSON.parse(FAULTS) as Faults).listen(Number(PORT), '127.0.0.1', () =>
    console.log(`the bookshop is open at http://127.0.0.1:${PORT}`),
  )
}
