import { describe, expect, it } from 'vitest'
import { faultsOf } from './ledger.ts'

const intent = (event: string, endpoint = 'a', organisation = 'one') => ({ organisation, endpoint, event })
const intents = [intent('created 1'), intent('created 2'), intent('created 2', 'b')]
const taken = intents.map((each, n) => ({ ...each, id: `msg_${n}` }))

describe('the ledger of webhooks', () => {
  it('has nothing to say where everything came, in any order and some of it twice', () => {
    expect(faultsOf(intents, [...taken, ...taken].reverse())).toEqual([])
  })

  it.each([
    ['never came', taken.slice(1), ['lost: created 1 at a of one']],
    [
      'came to another organisation',
      [...taken, { ...intent('created 1', 'a', 'two'), id: 'msg_0' }],
      ['unexpected: created 1 at a of two'],
    ],
    [
      'came under two ids',
      [...taken, { ...intent('created 1'), id: 'msg_9' }],
      ['doubled: created 1 at a of one'],
    ],
  ])('names what %s', (_, came, faults) => expect(faultsOf(intents, came)).toEqual(faults))
})
