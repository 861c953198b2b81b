import { describe, expect, it } from 'vitest'
import { foreignCanary } from './answer.ts'

const own = `cnr-${'a'.repeat(20)}`
const other = `cnr-${'b'.repeat(20)}`

describe('looking for texts of other tenants', () => {
  it('finds one among many of the own', () => {
    expect(foreignCanary(`${own} ${own} ${other} ${own}`, own)).toBe(other)
  })

  it('finds one in a React payload, however it is quoted', () => {
    expect(foreignCanary(`1:["$","p",null,{"children":"Fix it \u00b7 ${other}"}]`, own)).toBe(other)
  })

  it('finds nothing where all are the own, or where there is none', () => {
    expect(foreignCanary(`${own} and ${own}`, own)).toBeNull()
    expect(foreignCanary('nothing here', own)).toBeNull()
  })

  it('is not fooled by a word that only begins like one', () => {
    expect(foreignCanary(`cnr-table ${own}`, own)).toBeNull()
  })
})
