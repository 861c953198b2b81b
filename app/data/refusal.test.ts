import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { withRetryOnConflict } from './refusal.ts'

const deadlock = Object.assign(new pg.DatabaseError('deadlock detected', 0, 'error'), { code: '40P01' })

describe('work that met other work', () => {
  it.each([
    ['as the database said it', deadlock],
    ['in other words by then', new Error('Others changed the same at the same time.', { cause: deadlock })],
  ])('is done again, be it told %s', async (_, error) => {
    let attempts = 0
    const done = await withRetryOnConflict(async () => {
      attempts++
      if (attempts === 1) throw error
      return 'done'
    })
    expect([done, attempts]).toEqual(['done', 2])
  })

  it('is not done again for any other reason', async () => {
    const other = new Error('Something else', { cause: new Error('of no database') })
    let attempts = 0
    const failing = withRetryOnConflict(async () => {
      attempts++
      throw other
    })
    await expect(failing).rejects.toBe(other)
    expect(attempts).toBe(1)
  })
})
