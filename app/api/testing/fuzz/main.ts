import { administratorPool } from '@worklane/domain/testing/tenants.ts'
import type { Document } from '../judge.ts'
import { type Failure, fuzz, sender } from './fuzz.ts'

/**
 * The fuzz as a program, for `pnpm fuzz`: of what listens at ORIGIN, with tenants that are made in DATABASE_URL.
 * Ends with 1 when an answer was wrong.
 */
const {
  ORIGIN: origin = '',
  FUZZ_SECONDS: seconds = '600',
  FUZZ_SEED: seed = String(Date.now() % 2 ** 31),
} = process.env

const line = ({ operation, times, what, wrong, request }: Failure) =>
  `✗ ${operation}: ${wrong}\n  ${times}×, first with ${what}\n  ${request}`

console.log(`own fuzz: ${seconds} s, seed ${seed} (FUZZ_SEED)`)
const admin = administratorPool(4)
const { send, close } = sender(origin)
const document = (await (await fetch(`${origin}/openapi.json`)).json()) as Document
const fuzzed = await fuzz({ send, document, admin, seconds: Number(seconds), seed: Number(seed) })
close()
await admin.end()
for (const failure of fuzzed.failures) console.log(line(failure))
console.log(
  `own fuzz: ${fuzzed.sent} requests to ${fuzzed.operations} operations, ` +
    `${fuzzed.through} of them through with all their edges; ${fuzzed.failures.length} kinds of wrong answers`,
)
console.log(`own fuzz: answers ${JSON.stringify(fuzzed.statuses)}`)
process.exitCode = fuzzed.failures.length === 0 ? 0 : 1
