import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operations } from '@worklane/domain/operations.ts'
import { administratorPool } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { type Fuzzed, fuzz, type Send, sender } from './testing/fuzz/fuzz.ts'
import type { Document } from './testing/judge.ts'

const seconds = Number(process.env.FUZZ_SECONDS ?? 25)
const seed = Number(process.env.FUZZ_SEED ?? 20_261_129)

describe('whatever is sent to the edge', () => {
  let stack: Stack
  let admin: ReturnType<typeof administratorPool>
  let document: Document

  beforeAll(async () => {
    stack = await startStack({
      parts: ['postgres', 'redis', 'store', 'api', 'edge'],
      mode: 'test',
      // Refusals for their number would hide the others.
      env: { RATE_LIMIT_SCALE: '100000' },
    })
    Object.assign(process.env, stack.env)
    admin = administratorPool(4)
    document = (await (await fetch(`${stack.origin}/openapi.json`)).json()) as Document
  })
  afterAll(async () => {
    await admin?.end()
    await stack?.stop()
  })

  it(
    'is answered as the document says, and nothing is our own mistake',
    async () => {
      console.log(`fuzz: ${seconds} s (FUZZ_SECONDS), seed ${seed} (FUZZ_SEED)`)
      const { send, close } = sender(stack.origin)
      const fuzzed: Fuzzed = await fuzz({ send, document, admin, seconds, seed })
      close()
      console.log(`fuzz: ${fuzzed.sent} requests, ${JSON.stringify(fuzzed.statuses)}`)
      expect(fuzzed.failures).toEqual([])
      expect(fuzzed.operations).toBe(Object.keys(operations).length)
      // Each has its turn, however slow the machine.
      expect(fuzzed.sent).toBeGreaterThanOrEqual(5 * fuzzed.operations)
      expect(fuzzed.statuses[200]).toBeGreaterThan(0)
      expect(fuzzed.statuses[400]).toBeGreaterThan(0)
    },
    seconds * 1_000 + 120_000,
  )

  it('would be found out where one value of one field is not foreseen, or a refusal is no problem+json', async () => {
    const problem = { type: 'about:blank', title: 'x', status: 400, detail: 'x', requestId: 'x' }
    const broken: Send = async ({ body = '' }) => {
      const text = body.toString('utf8')
      if (text.includes('9999-12-31')) return { status: 500, type: 'text/html', body: 'Oops' }
      const type = text.includes('"assigneeId":1.5') ? 'text/plain' : 'application/problem+json'
      return { status: 400, type, body: JSON.stringify(text.includes('"labelIds":true') ? {} : problem) }
    }
    const { failures, through } = await fuzz({
      ...{ send: broken, document, admin, seconds: 60, seed, goesOn: false },
      operations: [operations['task.update']] as unknown as AnyOperation[],
    })
    expect(through).toBe(1)
    expect(failures.map(({ what, wrong }) => `${what}: ${wrong.slice(0, 40)}`).sort()).toEqual([
      'assigneeId = 1.5: answered 400 as text/plain, which is no ',
      'assigneeId = 1.5: answered 400 as text/plain, which the do',
      'dueOn = "9999-12-31": answered 500: Oops',
      'labelIds = true: a problem that is none (Invalid input: e',
    ])
  })
})
