import { connect } from 'node:net'
import type { Guard } from './guard.ts'
import { launch, type Part, untilReady } from './part.ts'

/** Starts Redis on loopback, keeping nothing on disk. */
export async function startRedis(
  guard: Guard,
  options: { program: string; port: number; directory: string; logFile: string },
): Promise<{ part: Part; url: string }> {
  const part = launch(guard, {
    name: 'redis',
    command: options.program,
    args: [
      ...['--port', String(options.port), '--bind', '127.0.0.1', '--dir', options.directory],
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
    ],
    logFile: options.logFile,
  })
  const url = `redis://127.0.0.1:${options.port}`
  await untilReady(part, () => answersPing(url), 20)
  return { part, url }
}

/** Speaks just enough of the protocol to hear PONG, or that a password is wanted: both are a Redis. */
export function answersPing(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 2_000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => socket.write('PING\r\n'))
    socket.on('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(data.toString())))
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
  })
}
