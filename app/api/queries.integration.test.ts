import { type AnyOperation, isRead, operation } from '@worklane/domain/operation.ts'
import { closeRuntime, tenantDb } from '@worklane/domain/runtime.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { costOf, createHouse, type House, lasting } from './testing/round-trips.ts'

/** As many as a page shows, and many more. */
const few = 10
const many = 300

describe('the queries of an operation', () => {
  const houses: House[] = []
  beforeAll(async () => {
    for (const rows of [few, many]) houses.push(await createHouse(rows))
  })
  afterAll(closeRuntime)

  const both = async (asked: AnyOperation): Promise<[number, number]> => {
    const counts: number[] = []
    for (const house of houses) counts.push((await costOf(asked, house)).roundTrips)
    return counts as [number, number]
  }

  it.each(lasting.map((each) => [each.name, each] as const))(
    '%s: as many for many rows as for few',
    async (_, asked) => {
      const [small, large] = await both(asked)
      expect(large).toBe(small)
      if (isRead(asked)) expect(large).toBeLessThanOrEqual(4)
    },
  )

  it('would be seen to grow in an operation that asks again for every row', async () => {
    const naive = operation({
      name: 'task.find',
      rest: 'GET /v1/tasks',
      summary: 'A query for a list, and one more for each of its rows',
      allow: 'viewer',
      input: z.strictObject({}),
      output: z.unknown(),
      run: (actor) =>
        tenantDb(actor).read(async (db) => {
          const tasks = await db.task.findMany({ select: { id: true }, take: 50 })
          for (const { id } of tasks) await db.comment.count({ where: { taskId: id } })
          return tasks
        }),
    }) as unknown as AnyOperation
    const [small, large] = await both(naive)
    expect(large).toBeGreaterThan(small)
  })
})
