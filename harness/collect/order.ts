import { readFile } from 'node:fs/promises'
import { workloads } from '@headroom/loadtests/wire/workloads.ts'
import { z } from 'zod'
import { type Plan, type ScenarioName, scenarioNames } from '../plan/scenarios.ts'
import { UsageError } from '../plan/usage.ts'

/** What a collector waits for: a plan that others play, and against what. */
export type Order = {
  target: string
  /** Of the checkout that ordered it. */
  revision: string | null
  plan: Plan
}

const whole = (minimum: number) => z.number().int().min(minimum)

const OrderFile = z.strictObject({
  version: z.literal(1),
  target: z
    .url({ protocol: /^https?$/, error: 'must be an origin such as https://staging.example.com' })
    .refine((target) => !holdsUserInfo(target), {
      error: 'holds user info, which would be written for all to read: leave it out',
    }),
  revision: z.string().nullable(),
  plan: z
    .strictObject({
      scenario: z.enum(scenarioNames as [ScenarioName, ...ScenarioName[]]),
      users: whole(1),
      // Milliseconds. What is judged for less than 5 s says nothing.
      think: z.number().positive(),
      ramp: z.number().nonnegative(),
      duration: z.number().min(5_000),
      seed: whole(0),
      shards: whole(1),
      connections: whole(1).optional(),
      population: z.strictObject({ seed: whole(0), organisations: whole(1), users: whole(3) }),
    })
    .refine(({ users, population }) => users <= population.users, {
      path: ['users'],
      error: 'must not be more than the population has',
    })
    .refine(({ users, shards }) => shards <= users, {
      path: ['shards'],
      error: 'must not be more than there are users',
    })
    .transform(
      ({ connections, ...plan }): Plan => ({
        ...plan,
        shape: workloads[plan.scenario].shape,
        ...(connections === undefined ? {} : { connections }),
      }),
    ),
})

export const orderText = ({ target, revision, plan: { shape: _, ...plan } }: Order): string =>
  `${JSON.stringify({ version: 1, target, revision, plan }, null, 2)}\n`

/** @throws UsageError that names each wrong field */
export async function readOrder(file: string): Promise<Order> {
  const wrong = (what: string) =>
    new UsageError(
      `--plan ${file} ${what}`,
      'write it with pnpm loadtest <scenario> --kubernetes <dir>, which makes a plan.json',
    )
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrong(`cannot be read (${error.code})`)
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw wrong(`is no JSON (${(error as Error).message})`)
  }
  const parsed = OrderFile.safeParse(json)
  if (parsed.success) return parsed.data
  throw wrong(parsed.error.issues.map(inWords).join('; '))
}

function holdsUserInfo(target: string): boolean {
  if (!URL.canParse(target)) return false
  const { username, password } = new URL(target)
  return username !== '' || password !== ''
}

const inWords = ({ path, message }: z.core.$ZodIssue): string =>
  `${path.join('.') || 'as a whole'}: ${message}`
