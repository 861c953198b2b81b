import { describe, expect, it } from 'vitest'
import { journeys } from './journey.ts'
import { steps } from './steps.ts'

describe.each(Object.entries(journeys))('the journey of a %s', (_, chain) => {
  it.each(Object.entries(chain))('goes on after "%s" with weights that add up to ten', (_, following) => {
    expect(Object.values(following).reduce((sum, weight) => sum + weight, 0)).toBe(10)
  })

  it('never leads to a step that does not exist or has no successor', () => {
    for (const following of Object.values(chain)) {
      for (const step of Object.keys(following)) {
        expect(Object.keys(steps)).toContain(step)
        expect(Object.keys(chain)).toContain(step)
      }
    }
  })

  it('reaches every one of its steps', () => {
    const reached = new Set([''])
    for (const step of reached) for (const next of Object.keys(chain[step] ?? {})) reached.add(next)
    expect([...reached].sort()).toEqual(Object.keys(chain).sort())
  })
})
