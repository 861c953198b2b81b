import { Agent, request } from 'node:http'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { type House, makeHouse } from '@worklane/domain/testing/house.ts'
import type { administratorPool } from '@worklane/domain/testing/tenants.ts'
import { sampleInput } from '@worklane/domain/testing/things.ts'
import { z } from 'zod'
import type { Input } from '../asks.ts'
import type { Schema } from '../inputs.ts'
import { type Document, type Judge, judgeBy } from '../judge.ts'
import { edgeRequests, type Request, randomRequests } from './requests.ts'

type AdministratorPool = ReturnType<typeof administratorPool>
type Answer = { status: number; type: string; body: string }
/** @throws Error when there is no answer */
export type Send = (request: Request) => Promise<Answer>

export type Failure = {
  operation: string
  /** Of the first such request. */
  what: string
  request: string
  wrong: string
  times: number
}

export type Fuzzed = {
  sent: number
  /** How many operations were sent everything at and past their edges, of how many. */
  through: number
  operations: number
  statuses: Record<string, number>
  failures: Failure[]
}

export type FuzzOptions = {
  send: Send
  document: Document
  /** The administrator's: every operation has a tenant of its own. */
  admin: AdministratorPool
  seconds: number
  /** Whether to go on at random, until the time is over, once everything at and past the edges was sent. */
  goesOn?: boolean
  /** The same requests for the same number. */
  seed: number
  operations?: readonly AnyOperation[]
}

const together = 6
/** Requests of one operation before the next has its turn: all have theirs however short the time. */
const turn = 5

/**
 * Sends every operation every value at and past the edges of its fields, then several of them at random, until the
 * time is over, and holds each answer against the OpenAPI document: no 5xx, and every refusal is a problem+json.
 */
export async function fuzz({
  send,
  document,
  admin,
  seconds,
  seed,
  goesOn = true,
  operations = operationList,
}: FuzzOptions): Promise<Fuzzed> {
  const judge = judgeBy(document)
  const until = Date.now() + seconds * 1_000
  const runs = await Promise.all(operations.map((asked, n) => begin(asked, admin, seed + n * 1_000_000)))
  const statuses: Record<string, number> = {}
  const failures = new Map<string, Failure>()
  let sent = 0

  async function ask(run: Run, asked: Request) {
    if (leadsAway(asked)) return
    const outgoing: Request = { ...asked, headers: { ...credentials(run.house), ...asked.headers } }
    const answer = await send(outgoing).catch((error: Error) => error)
    sent++
    if (answer instanceof Error) return fail(run, outgoing, `no answer: ${answer.message}`)
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    const wrong = wrongIn(answer, outgoing, run.asked.name, judge)
    if (wrong) fail(run, outgoing, `${wrong}: ${answer.body.slice(0, 300)}`)
    // What fits must go on fitting: the thing that it was about is gone, or who asked.
    if (
      (answer.status < 300 && ends.test(run.asked.name)) ||
      (answer.status === 401 && !outgoing.headers.authorization)
    )
      run.house = await makeHouse(admin)
  }

  function fail({ asked }: Run, outgoing: Request, wrong: string): void {
    const key = `${asked.name} ${wrong.slice(0, 60)}`
    const known = failures.get(key)
    if (known) known.times++
    else
      failures.set(key, {
        operation: asked.name,
        what: outgoing.what,
        request: shown(outgoing),
        wrong,
        times: 1,
      })
  }

  const waiting = [...runs]
  await Promise.all(
    Array.from({ length: together }, async () => {
      for (let run = waiting.shift(); run && (run.turns === 0 || Date.now() < until); run = waiting.shift()) {
        run.turns++
        for (let n = 0; n < turn; n++) {
          const next = run.requests.next()
          if (next.done) {
            run.isThrough = true
            if (!goesOn) break
            run.requests = run.random()
          } else await ask(run, next.value())
        }
        if (goesOn || !run.isThrough) waiting.push(run)
      }
    }),
  )
  await admin.query('delete from organisations where slug = any($1)', [runs.flatMap(({ slugs }) => slugs)])
  return {
    ...{ sent, statuses, operations: runs.length, failures: [...failures.values()] },
    through: runs.filter(({ isThrough }) => isThrough).length,
  }
}

type Run = {
  asked: AnyOperation
  house: House
  slugs: string[]
  requests: Iterator<() => Request>
  random: () => Iterator<() => Request>
  isThrough: boolean
  turns: number
}

async function begin(asked: AnyOperation, admin: AdministratorPool, seed: number): Promise<Run> {
  const schema = z.toJSONSchema(asked.input, { io: 'input', unrepresentable: 'any' }) as Schema
  const house = await makeHouse(admin)
  const input = () => sampleInput(asked, run.house) as Input
  const things = [house.projectId, house.taskId, house.labelId, house.memberId, house.ownerId, house.id]
  const random = () => randomRequests(asked, schema, input, seed)[Symbol.iterator]()
  const run: Run = {
    asked,
    house,
    slugs: [house.slug],
    random,
    isThrough: false,
    turns: 0,
    requests: [].values(),
  }
  run.requests = inDisorder(edgeRequests(asked, schema, input, things), seed)[Symbol.iterator]()
  return run
}

/** After these the thing is gone, or who asks may not ask again. */
const ends = /\.(remove|revoke|revokeOthers|leave|transfer|setPassword)$/

/** What the edge takes for the way up, encoded or not, is another address than the API's. */
const leadsAway = ({ path }: Request) => /(\/|%2f)(\.|%2e){1,2}(\/|%2f|$)/i.test(path.split('?')[0] as string)

const credentials = (house: House) => ({ cookie: `authjs.session-token=${house.owner}` })

/** What comes late in a list comes as early as anything else, so that a short time sees some of all. */
function* inDisorder<T>(list: Iterable<T>, seed: number): Iterable<T> {
  const window: T[] = []
  let state = seed >>> 0 || 1
  const below = (most: number) => {
    // xorshift32 (Marsaglia, "Xorshift RNGs")
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % most
  }
  for (const each of list) window.push(each)
  while (window.length > 0) {
    const place = below(window.length)
    const last = window.pop() as T
    if (place === window.length) yield last
    else {
      yield window[place] as T
      window[place] = last
    }
  }
}

const ProblemJson = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  requestId: z.string(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
})

/** What the way to the operation may answer before there is one: by the path, the method, or the size of the request. */
const onTheWay = new Set([400, 404, 405, 413, 414, 415, 431])

/** @returns what is wrong with an answer, or null */
function wrongIn(
  { status, type, body }: Answer,
  asked: Request,
  operation: string,
  judge: Judge,
): string | null {
  if (status >= 500) return `answered ${status}`
  if (asked.method === 'HEAD') return null
  const isProblem = type.startsWith('application/problem+json')
  if (isProblem) {
    const parsed = ProblemJson.safeParse(JSON.parse(body))
    if (!parsed.success) return `a problem that is none (${parsed.error.issues[0]?.message})`
    if (parsed.data.status !== status) return `a problem of the status ${parsed.data.status} under ${status}`
  }
  if (asked.trpc)
    return isProblem || isJson(type, body) ? null : `answered ${status} as ${type}, which is no JSON`
  if (isProblem && onTheWay.has(status)) return null
  return judge(operation, status, type, body)
}

function isJson(type: string, body: string): boolean {
  try {
    JSON.parse(body)
    return type.startsWith('application/json')
  } catch {
    return false
  }
}

/** As one line that can be sent again by hand. */
function shown({ method, path, headers, body }: Request): string {
  const given = Object.entries(headers)
    .filter(([name]) => name !== 'cookie')
    .map(([name, value]) => ` -H ${JSON.stringify(`${name}: ${value}`.slice(0, 100))}`)
  const sent = body ? ` -d ${JSON.stringify(body.toString('utf8').slice(0, 300))}` : ''
  return `${method} ${path.slice(0, 300)}${given.join('')}${sent}`
}

/** Sends over kept connections, as the bytes stand: what a browser or `fetch` would not send goes out as well. */
export function sender(origin: string): { send: Send; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: together })
  const { hostname: host, port } = new URL(origin)
  const send: Send = ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const length = body && !headers['transfer-encoding'] ? { 'content-length': String(body.length) } : {}
      const asked = request({
        agent,
        host,
        port,
        method,
        path,
        headers: { ...length, ...headers },
        timeout: 20_000,
      })
      asked.on('timeout', () => asked.destroy(new Error('nothing within 20 s')))
      asked.on('error', reject)
      asked.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      })
      asked.end(body)
    })
  return { send, close: () => agent.destroy() }
}
