import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { withoutFlags } from './script-runner.ts'

const Command = z.array(z.union([z.string(), z.number(), z.null()])).min(1)
const Commands = z.array(Command).min(1)

/**
 * Redis over HTTP as Upstash speaks it, for machines without Upstash: a command as a JSON array to `/`, several to
 * `/pipeline`, several that hold together to `/multi-exec`; a bearer token; answers in base64 when asked for.
 * https://upstash.com/docs/redis/features/restapi
 * @returns its address, and how to end it
 */
export async function startRestFront(
  redis: Redis,
  token: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${token}`)
      return say(401, { error: 'WRONGPASS invalid token' })
    const encode = request.headers['upstash-encoding'] === 'base64' ? inBase64 : (value: unknown) => value
    const answer = async (command: z.infer<typeof Command>) => {
      try {
        return { result: encode(await run(redis, command)) }
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) }
      }
    }
    try {
      const body: unknown = JSON.parse(await textOf(request))
      if (request.url === '/pipeline') {
        const answers: unknown[] = []
        for (const command of Commands.parse(body)) answers.push(await answer(command))
        return say(200, answers)
      }
      if (request.url === '/multi-exec') {
        const chain = redis.multi()
        for (const [name, ...args] of Commands.parse(body)) chain.call(String(name), ...args.map(String))
        const results = (await chain.exec()) ?? []
        return say(
          200,
          results.map(([error, result]) => (error ? { error: error.message } : { result: encode(result) })),
        )
      }
      const single = await answer(Command.parse(body))
      return say('error' in single ? 400 : 200, single)
    } catch (error) {
      return say(400, { error: `ERR ${error instanceof Error ? error.message : String(error)}` })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const sent = new Map<string, string>()

/** As Redis does it, but for the flags of a script, which are Upstash's own. */
async function run(redis: Redis, [name, ...args]: z.infer<typeof Command>): Promise<unknown> {
  const command = String(name).toLowerCase()
  const values = args.map((arg) => String(arg ?? ''))
  const [script = '', ...rest] = values
  if (command === 'eval') {
    const { createHash } = await import('node:crypto')
    sent.set(createHash('sha1').update(script).digest('hex'), withoutFlags(script))
    return redis.call('eval', withoutFlags(script), ...rest)
  }
  const known = command === 'evalsha' ? sent.get(script) : undefined
  if (known !== undefined) return redis.call('eval', known, ...rest)
  return redis.call(command, ...values)
}

function inBase64(value: unknown): unknown {
  if (typeof value === 'string') return value === 'OK' ? value : Buffer.from(value).toString('base64')
  return Array.isArray(value) ? value.map(inBase64) : value
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
