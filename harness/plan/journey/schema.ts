import { z } from 'zod'

const Milliseconds = z.number().nonnegative()
const Limit = z.number().positive()
const Callable = z.custom<() => unknown>((value) => typeof value === 'function', 'must be a function')

/** `export const journey`, as far as Node can tell. */
export const Journey = z
  .strictObject({
    // It becomes part of names of files and runs.
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be a word of small letters, digits and -')
      .max(64, 'must not be longer than 64 characters'),
    workload: z
      .strictObject({
        users: z.number().int().positive(),
        think: Milliseconds,
        ramp: Milliseconds,
        duration: z.number().min(5_000),
        scan: z.number().min(0).max(1),
      })
      .partial()
      .optional(),
    limits: z
      .record(
        z.string(),
        z.union(
          [Limit, z.strictObject({ ttfb: Limit, latency: Limit })],
          'must be a number over 0, or { ttfb, latency } of two, in ms',
        ),
      )
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
      if (step !== '' && !Object.hasOwn(steps, step)) refuse(['chain', step], 'is no step')
      if (!Object.values(following).some((weight) => weight > 0))
        refuse(['chain', step], 'leads nowhere: give one of its steps a weight over 0')
      for (const next of Object.keys(following)) {
        if (!Object.hasOwn(chain, next))
          refuse(['chain', step, next], 'has no row of its own: say what follows it')
      }
    }
  })
