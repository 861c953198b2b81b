import { describe, expect, it } from 'vitest'
import { excerptOf, mentionsIn } from './mentions.ts'

const id = '0198c000-0000-7000-8000-000000000000'

describe('an excerpt', () => {
  it('is one line, with names for mentions', () => {
    expect(excerptOf(`Look,\n@[Ada](${id}):  done`)).toBe('Look, @Ada: done')
    expect(mentionsIn(`@[Ada](${id}) @[Ada](${id})`)).toEqual([id])
  })

  it('is cut between characters, never inside of one', () => {
    for (const text of ['💥'.repeat(90), `a${'💥'.repeat(90)}`]) {
      const excerpt = excerptOf(text)
      expect(excerpt.isWellFormed()).toBe(true)
      expect(excerpt.length).toBeLessThanOrEqual(140)
      expect(excerpt.endsWith('💥…')).toBe(true)
    }
  })
})
