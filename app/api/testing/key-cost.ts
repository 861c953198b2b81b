import type { Actor } from '@worklane/domain/actor.ts'
import { resolveApiKey } from '@worklane/domain/api-keys/resolve.ts'
import { countRequest } from '@worklane/domain/billing/usage.ts'
import { perform } from '@worklane/domain/execute.ts'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operations } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant } from '@worklane/domain/testing/tenants.ts'
import { furnish } from '@worklane/domain/testing/things.ts'

/**
 * What counting costs a request that a key makes: the same requests with and without it in turn. A line of JSON for each
 * number of requests at the same time; milliseconds a request, of time and of this process's CPU.
 */
const rounds = 9
const perRound = 200
const tenant = await createTenant()
const { key, projectId } = await furnish(tenant)
const reads = {
  'me.get': {},
  'task.list': { projectId, limit: 20 },
}

async function asked(name: keyof typeof reads, isCounted: boolean): Promise<void> {
  const actor = (await resolveApiKey(key, 'bench')) as Actor
  if (isCounted) await countRequest(actor)
  await perform(operations[name] as unknown as AnyOperation, { ...actor, key: null }, reads[name])
}

async function measured(name: keyof typeof reads, isCounted: boolean, atOnce: number) {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  let left = perRound
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await asked(name, isCounted)
    }),
  )
  const { user, system } = process.cpuUsage(cpu)
  return { time: (performance.now() - began) / perRound, cpu: (user + system) / 1000 / perRound }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

for (const name of Object.keys(reads) as (keyof typeof reads)[])
  for (const atOnce of [1, 16]) {
    const pairs: { time: number; cpu: number }[] = []
    const plain: number[] = []
    for (let round = -1; round < rounds; round++) {
      const first = round % 2 === 0
      const a = await measured(name, first, atOnce)
      const b = await measured(name, !first, atOnce)
      const [counted, uncounted] = first ? [a, b] : [b, a]
      if (round < 0) continue
      pairs.push({ time: counted.time / uncounted.time, cpu: counted.cpu / uncounted.cpu })
      plain.push(uncounted.time)
    }
    console.log(
      JSON.stringify({
        name,
        atOnce,
        withoutMs: Number(median(plain).toFixed(3)),
        time: Number(median(pairs.map(({ time }) => time)).toFixed(3)),
        cpu: Number(median(pairs.map(({ cpu }) => cpu)).toFixed(3)),
      }),
    )
  }
await closeRuntime()
