import { describe, expect, it } from 'vitest'
import { readFault, stackFaults } from './faults.ts'

describe('what is broken on purpose', () => {
  it.each([
    ['delay=task.list:900', { kind: 'delay', operation: 'task.list', milliseconds: 900 }],
    ['repeat=board.get:9', { kind: 'repeat', operation: 'board.get', times: 9 }],
    ['repeat=effects:2', { kind: 'repeat', operation: 'effects', times: 2 }],
    ['slow=10', { kind: 'slow', percent: 10 }],
    ['uncompressed', { kind: 'uncompressed' }],
    ['webhook-twice', { kind: 'webhook', how: 'twice' }],
    ['webhook-lost', { kind: 'webhook', how: 'lost' }],
    ['webhook-refused', { kind: 'webhook', how: 'refused' }],
    ['stop=api@50%', { kind: 'stop', part: 'api', at: 0.5 }],
  ])('is read from %s', (text, fault) => {
    expect(readFault(text)).toEqual(fault)
  })

  it.each([
    ['slow=0', /unknown --fault "slow=0"/],
    ['delay=task.lst:9', /did you mean "task.list"/],
    ['repeat=bord.get:9', /repeats the unknown operation "bord.get".*did you mean "board.get"/],
  ])('is refused as %s, with what is meant', (text, problem) => {
    expect(() => readFault(text)).toThrow(expect.objectContaining({ line: expect.stringMatching(problem) }))
  })

  it('is told to Worklane and to the edge, each its own', () => {
    expect(stackFaults([])).toEqual({ faults: '', compress: true })
    expect(stackFaults(['slow=10', 'uncompressed', 'leak=cache', 'webhook-lost'].map(readFault))).toEqual({
      faults: 'slow=10,leak=cache,webhook-lost',
      compress: false,
    })
  })
})
