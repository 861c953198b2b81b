import { reachRedis } from '@worklane/data/redis-address.ts'
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
  await untilReady(part, () => reachRedis('REDIS_URL', url).then(() => true), 20)
  return { part, url }
}
