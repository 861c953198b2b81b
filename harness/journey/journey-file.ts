import { access } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { routeLimits } from '@headroom/loadtests/journeys/custom.ts'
import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import { z } from 'zod'
import { UsageError } from '../cli/usage.ts'

/** What the harness knows of a journey; the rest of its file is k6's (loadtests/journeys/contract.ts). */
export type JourneyFile = {
  /** Absolute. */
  file: string
  name: string
  limits: Record<string, RouteLimit>
  /** Whether answers can be told to be another tenant's. */
  marked: boolean
  workload: Partial<Record<'users' | 'think' | 'ramp' | 'duration', number>>
}

const Milliseconds = z.number().nonnegative()
const Limit = z.number().positive()
const Callable = z.custom<() => unknown>((value) => typeof value === 'function', 'must be a function')

const Journey = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be a word of small letters, digits and -'),
    workload: z
      .strictObject({
        users: z.number().int().positive(),
        ...{ think: Milliseconds, ramp: Milliseconds, duration: z.number().min(5_000) },
        scan: z.number().min(0).max(1),
      })
      .partial()
      .optional(),
    limits: z
      .record(z.string(), z.union([Limit, z.strictObject({ ttfb: Limit, latency: Limit })]))
      .refine((limits) => Object.keys(limits).length > 0, 'must have a route: what else should be judged?'),
    chain: z.record(z.string(), z.record(z.string(), z.number().nonnegative())),
    steps: z.record(z.string(), Callable),
    marks: z.object({ own: Callable, any: z.instanceof(RegExp) }).optional(),
    start: Callable.optional(),
    session: Callable.optional(),
  })
  .check(({ value, issues }) => {
    const refuse = (path: string[], message: string) =>
      void issues.push({ code: 'custom', input: value, path, message })
    const { chain, steps } = value
    if (!chain['']) refuse(['chain', ''], 'is missing: it says what visitors begin with')
    for (const [step, following] of Object.entries(chain)) {
      if (step !== '' && !steps[step]) refuse(['chain', step], 'is no step')
      if (!Object.values(following).some((weight) => weight > 0))
        refuse(['chain', step], 'leads nowhere: give one of its steps a weight over 0')
      for (const next of Object.keys(following)) {
        if (!chain[next]) refuse(['chain', step, next], 'has no row of its own: say what follows it')
      }
    }
  })

/** @throws UsageError that names the field of the file, and what it must be */
export async function readJourney(path: string): Promise<JourneyFile> {
  const file = resolve(path)
  const shown = relative(process.cwd(), file)
  await access(file).catch(() => {
    throw new UsageError(`there is no journey at ${shown}`, 'give the path of a file that exports one')
  })
  const module = (await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new UsageError(`${shown} cannot be read: ${error.message}`, 'see docs/any-target.md')
  })) as { journey?: unknown }
  if (module.journey === undefined)
    throw new UsageError(`${shown} exports no journey`, 'it needs `export const journey: Journey = { … }`')
  const parsed = Journey.safeParse(module.journey)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const at = ['journey', ...(issue?.path ?? [])]
      .map((part) => (part === '' ? "''" : String(part)))
      .join('.')
    throw new UsageError(`${shown}: ${at} ${issue?.message}`, 'see docs/any-target.md')
  }
  const { name, limits, marks, workload = {} } = parsed.data
  return { ...{ file, name, limits: routeLimits(limits), workload }, marked: marks !== undefined }
}
