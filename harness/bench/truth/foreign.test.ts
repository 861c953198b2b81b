import { describe, expect, it } from 'vitest'
import { isDisturbed } from './foreign.ts'

describe('a measurement', () => {
  it.each([
    ['nothing ran beside it', [0.02, 0.01, 0.05, 0.02], false],
    ['something short did', [0.02, 0.3, 0.02, 0.02], false],
    ['a process ran all the time', [0.2, 0.25, 0.2, 0.22], true],
    ['a process took most of a core for a second', [0.02, 0.01, 0.8, 0.02, 0.01, 0.02, 0.03, 0.01], true],
    ['nobody could see', [], false],
  ])('when %s, is disturbed or not', (_, cores, disturbed) => {
    expect(isDisturbed({ cores })).toBe(disturbed)
  })
})
