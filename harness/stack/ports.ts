import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import getPort, { portNumbers } from 'get-port'

/** Below what Linux and macOS give to outgoing connections, so that no connection of a load test sits on one. */
const usual = { from: 16_000, to: 31_999 }
const blockSize = 32

export type PortBlock = {
  /** A port of loopback that nobody listens on, and that nobody else who asks a block is given. */
  next(): Promise<number>
  release(): void
}

/**
 * Takes a block of ports for this process. Between choosing a port and listening on it seconds pass: two stacks that
 * start at once could choose the same, and one would take the other's answers for its own. So whoever takes a block
 * listens on its first port as long as the block is taken; the system lets go of it however the process ends.
 * @throws Error when every block is taken
 */
export async function takePortBlock({ from, to } = usual): Promise<PortBlock> {
  const blocks = Math.floor((to - from + 1) / blockSize)
  const start = Math.floor(Math.random() * blocks)
  for (let n = 0; n < blocks; n++) {
    const first = from + ((start + n) % blocks) * blockSize
    const lock = await listen(first)
    if (lock) return portBlock(first, lock)
  }
  throw new Error(`all ports from ${from} to ${to} are taken: stop the stacks that nobody needs`)
}

function portBlock(first: number, lock: Server): PortBlock {
  let given = first
  return {
    async next() {
      const last = first + blockSize - 1
      const port = given < last ? await getPort({ port: portNumbers(given + 1, last) }) : 0
      // get-port offers any other port when all of them are taken.
      if (port <= given || port > last) throw new Error(`all ports from ${first} to ${last} are taken`)
      given = port
      return port
    },
    release: () => void lock.close(),
  }
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy()).unref()
  server.listen({ port, host: '127.0.0.1', exclusive: true })
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  )
}
