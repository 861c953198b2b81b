import { expect, it } from 'vitest'
import { z } from 'zod'
import { invalidInput, type Problem, tooMany } from './errors.ts'

const problemOf = (input: unknown): Problem => {
  const parsed = z.strictObject({ name: z.string() }).safeParse(input)
  return invalidInput(parsed.error?.issues ?? [])
}

it('tells each mistake by its field', () => {
  expect(problemOf({ name: 1, other: 2 }).fields).toEqual([
    { path: 'name', message: expect.any(String) },
    { path: 'other', message: 'is not a known field' },
  ])
})

it('tells of very many mistakes the first ones, and how many more there are', () => {
  const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field ${n}`, n]))
  const problem = problemOf({ name: 'good', ...fields })
  expect(problem.fields).toHaveLength(21)
  expect(problem.fields.at(-1)).toEqual({ path: '', message: 'and 49980 more mistakes' })
  expect(problem.message.length).toBeLessThan(2_000)
})

it('tells no name in full that is longer than a field is', () => {
  const problem = problemOf({ name: 'good', ['x'.repeat(500_000)]: 1 })
  expect(JSON.stringify([problem.message, problem.fields]).length).toBeLessThan(1_000)
})

it.each([
  [0.2, 1, '1 second'],
  [45, 45, '45 seconds'],
  [91, 91, '2 minutes'],
  [899.5, 900, '15 minutes'],
  [5_401, 5_401, '2 hours'],
  [80_000, 80_000, '23 hours'],
])(
  'tells of a limit that ends in %s seconds the number and the words that people say',
  (seconds, number, words) => {
    const { message, retryAfterSeconds } = tooMany('Too many tries', seconds)
    expect([message, retryAfterSeconds]).toEqual([`Too many tries: try again in ${words}.`, number])
  },
)
