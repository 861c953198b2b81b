import { describe, expect, it } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'

describe('what is done every so often', () => {
  it('is left out while it runs still, and leaves the others alone', async () => {
    const run = oneAtATime()
    const silent = Promise.withResolvers<void>()
    const first = run('empty-removed-files', () => silent.promise)
    const begun: string[] = []
    const begin = (name: string) =>
      run(name, async () => {
        begun.push(name)
      })
    expect(await Promise.all([1, 2, 3, 4].map(() => begin('empty-removed-files')))).not.toContain(true)
    expect(await begin('ask-again')).toBe(true)
    expect(begun).toEqual(['ask-again'])
    silent.resolve()
    expect(await first).toBe(true)
    expect(await begin('empty-removed-files')).toBe(true)
  })

  it('runs again after it has failed, and says that it did', async () => {
    const run = oneAtATime()
    const failed = run('sweep-files', async () => {
      throw new Error('the store is away')
    })
    await expect(failed).rejects.toThrow('the store is away')
    expect(await run('sweep-files', async () => {})).toBe(true)
  })
})
