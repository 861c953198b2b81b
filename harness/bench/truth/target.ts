import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createRelay } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BehaviourName, behaviourOf, type Reply, shopOf } from './behaviours.ts'
import type { Books, Entry } from './books.ts'

/**
 * A target that misbehaves in a known way and keeps its own books: a process of its own that does nothing else, so
 * that what it notes is when things were. Its parent sends an Order, is told the port, and asks for the books.
 */
export type Order = { behaviour: BehaviourName; certificate?: { key: string; cert: string } }
export type FromTarget = { port: number } | { books: Books }

const entries: Entry[] = []
let first: number | null = null
let stalled: Books['stalled'] = null

/** Epoch milliseconds, finer than Date.now() tells. */
const now = () => performance.timeOrigin + performance.now()

// Ctrl-C is for the parent, which still wants the books.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', (message: Order | 'books') => {
  if (message === 'books') void settled().then(() => tell({ books: { entries, stalled } }))
  else void open(message).then((port) => tell({ port }))
})

const tell = (message: FromTarget) => process.send?.(message)

async function open({ behaviour: name, certificate }: Order): Promise<number> {
  const behaviour = behaviourOf(name)
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const at = now()
    const url = new URL(request.url ?? '/', 'http://target')
    const dueAt = Number(url.searchParams.get('due'))
    // Whoever only wants to know whether it is up is in nobody's books.
    if (!url.searchParams.has('due')) return void response.end('up')
    first ??= at
    const since = at - first
    if (behaviour.stall && stalled === null && since >= behaviour.stall.at)
      stalled = stall(behaviour.stall.length)
    const user = Number(url.searchParams.get('user'))
    const reply = behaviour.reply({ nth: entries.length + 1, since, shop: shopOf(user) })
    const entry: Entry = { user, dueAt, at, how: reply.how, is: reply.is, firstByteAt: null, endedAt: null }
    entries.push(entry)
    if (behaviour.downFrom !== undefined && since >= behaviour.downFrom) {
      listener.close()
      server.closeAllConnections()
      return cutOff(entries)
    }
    if (behaviour.closes) response.setHeader('connection', 'close')
    void answer(response, reply, entry)
  }
  const server = certificate ? createSecureServer(certificate, handle) : createServer(handle)
  // Nobody who thinks is hung up on.
  server.keepAliveTimeout = 120_000
  const { handshake } = behaviour
  const listener =
    handshake === undefined
      ? server
      : createRelay({ pauseOnConnect: true }, (socket) => {
          // Whoever leaves before is no error of ours.
          socket.on('error', () => {})
          setTimeout(() => server.emit('connection', socket), handshake)
        })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', 2_000, resolve))
  return (listener.address() as AddressInfo).port
}

async function answer(response: ServerResponse, reply: Reply, entry: Entry): Promise<void> {
  const { how, status, headers, text } = reply
  if (how === 'hung') return
  if (reply.after > 0) await sleep(reply.after)
  // Its connection is gone already.
  if (entry.endedAt !== null) return
  if (how === 'hung-up') {
    response.socket?.destroy()
    entry.endedAt = now()
    return
  }
  const isWhole = how === 'answered'
  response.writeHead(status, isWhole ? headers : { ...headers, 'content-length': text.length + 1_000 })
  if (reply.body > 0 || !isWhole) {
    response.write(text)
    entry.firstByteAt = now()
    await sleep(reply.body)
  }
  if (isWhole) response.end(reply.body > 0 ? '.' : text)
  else response.socket?.destroy()
  entry.endedAt = now()
}

/** Those that are not answered yet never will be: their connections are gone. */
function cutOff(entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.endedAt === null) Object.assign(entry, { how: 'hung-up', is: 'connection', endedAt: now() })
  }
}

/** Whoever asked may have left: what the answer would have been is known all the same. */
async function settled(): Promise<void> {
  while (entries.some(({ how, endedAt }) => how !== 'hung' && endedAt === null)) await sleep(20)
}

/** Nothing of this process goes on for so long, not even accepting. */
function stall(length: number): NonNullable<Books['stalled']> {
  const from = now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, length)
  return { from, to: now() }
}
