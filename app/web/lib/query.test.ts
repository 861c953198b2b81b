import { listAudit } from '@worklane/domain/audit/operations.ts'
import { describe, expect, it } from 'vitest'
import { readQuery } from './query.ts'

const { operation, from, cursor } = listAudit.input.shape
const read = (address: Parameters<typeof readQuery>[0]) => readQuery(address, { operation, from, cursor })

describe('what an address asks for', () => {
  it('is what the operation takes', () => {
    const asked = {
      operation: 'task.create',
      from: '2026-11-01',
      cursor: '0198c000-0000-7000-8000-000000000000',
    }
    expect(read(asked)).toEqual(asked)
  })

  it('is without what cannot be read, is empty, stands there twice, or is not known', () => {
    expect(read({ operation: 'task.create', from: '2026-99-99', cursor: 'made-up' })).toEqual({
      operation: 'task.create',
    })
    expect(read({ operation: '', from: ['2026-11-01', '2026-11-02'], limit: '5', toString: 'x' })).toEqual({})
    expect(read({})).toEqual({})
  })
})
