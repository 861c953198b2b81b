import { describe, expect, it } from 'vitest'
import { type SteadyOptions, steady } from './steady.ts'

/** Measures these one after the other, each with what others used meanwhile. */
function played(measurements: [verdict: string, disturbance?: string][], isQuiet = true) {
  const said: string[] = []
  let made = 0
  const options: SteadyOptions<string> = {
    measure: async () => (measurements[made++] as [string])[0],
    expectations: (verdict) => expect(verdict).toBe('pass'),
    honest: (verdict) => expect(verdict).toBe('invalid'),
    disturbances: async (act) => {
      const value = await act()
      const [, disturbance] = measurements[made - 1] ?? []
      return { value, disturbances: disturbance ? [disturbance] : [] }
    },
    isQuiet: async () => isQuiet,
    say: (line) => void said.push(line),
  }
  return { done: steady(options), said, count: () => made }
}

describe('a test whose times count', () => {
  it('passes at once where all is as expected, disturbed or not', async () => {
    const { done, count, said } = played([['pass', 'others used 1.8 of 2 cores']])
    await done
    expect([count(), said]).toEqual([1, []])
  })

  it('forgives nothing on a quiet machine', async () => {
    await expect(played([['fail']]).done).rejects.toThrow()
    await expect(played([['invalid']]).done).rejects.toThrow()
  })

  it('measures again what others disturbed, and then forgives nothing once they are gone', async () => {
    const { done, count } = played([['invalid', 'others'], ['pass']])
    await done
    expect(count()).toBe(2)
    await expect(played([['invalid', 'others'], ['fail']]).done).rejects.toThrow()
  })

  it('takes what is honest where others stay, and says so', async () => {
    const { done, said } = played([['invalid', 'others used 1.8 of 2 cores']], false)
    await done
    expect(said).toEqual([expect.stringContaining('others used 1.8 of 2 cores')])
  })

  it('does not take what is not honest, however disturbed', async () => {
    await expect(played([['fail', 'others']], false).done).rejects.toThrow()
  })

  it('measures no more than three times', async () => {
    const disturbed: [string, string] = ['invalid', 'others']
    const { done, count } = played([disturbed, disturbed, disturbed])
    await done
    expect(count()).toBe(3)
  })
})
