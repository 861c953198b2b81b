import { describe, expect, it } from 'vitest'
import { parseFaults } from './faults.ts'

describe('faults', () => {
  it('delay the operations they name', () => {
    const { delays } = parseFaults('delay=task.list:900, delay=me.get:5', 'loadtest')
    expect([...delays]).toEqual([
      ['task.list', 900],
      ['me.get', 5],
    ])
  })

  it('ask the database again and again', () => {
    expect([...parseFaults('repeat=board.get:9', 'loadtest').repeats]).toEqual([['board.get', 9]])
  })

  it('make everything a share slower', () => {
    expect(parseFaults('slow=10', 'loadtest').slower).toBe(0.1)
    expect(parseFaults('', 'loadtest').slower).toBe(0)
  })

  it('leave out what keeps billing exact', () => {
    const { without } = parseFaults('without=fence, without=unique-event', 'test')
    expect([...without]).toEqual(['fence', 'unique-event'])
    expect(() => parseFaults('without=ledger', 'test')).toThrow(/unknown fault "without=ledger"/)
  })

  it('book what Stripe tells as often as it is told, lose some of it, or refuse a type of it', () => {
    expect(parseFaults('webhook-twice', 'loadtest').webhooks).toBe('twice')
    expect(parseFaults('webhook-lost', 'loadtest').webhooks).toBe('lost')
    expect(parseFaults('webhook-refused', 'loadtest').webhooks).toBe('refused')
    expect(parseFaults('', 'loadtest').webhooks).toBeNull()
  })

  it('are refused in production', () => {
    expect(() => parseFaults('delay=task.list:900', 'production')).toThrow(/WORKLANE_FAULTS.*unset it/)
    expect(() => parseFaults('without=lock', 'production')).toThrow(/unset it/)
    expect(parseFaults('', 'production').delays.size).toBe(0)
  })

  it('are named when nobody knows them', () => {
    expect(() => parseFaults('dealy=task.list:900', 'test')).toThrow(/unknown fault "dealy=task.list:900"/)
  })
})
