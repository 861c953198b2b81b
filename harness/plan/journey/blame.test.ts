import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { project } from '../../project.ts'
import { UsageError } from '../usage.ts'
import { assertPlayable, type K6End } from './blame.ts'

const journey = { file: join(project, 'shop.ts') }
const ended: K6End = { code: 0, errors: [], isSilent: false, isOverdue: false }
const playing = (end: Partial<K6End>) => () => assertPlayable(journey, { ...ended, ...end })

describe('how k6 ended a journey', () => {
  it('is its own fault where the journey was refused, whatever else was said', () => {
    const errors = [
      'user 3 at "a": x',
      'test aborted: headroom journey: step "a", request 1: path is "x"\n at refuse',
    ]
    expect(playing({ code: 108, errors })).toThrow(UsageError)
    expect(playing({ code: 108, errors })).toThrow(/^shop\.ts: step "a", request 1: path is "x"$/)
  })

  it('is its own fault where k6 could not read it, and names the place', () => {
    const errors = [
      'ReferenceError: process is not defined\n\tat file:///shop.ts:1:2(3)\n\tat require (native)\n',
    ]
    expect(playing({ code: 107, errors, isSilent: true })).toThrow(
      /^shop\.ts cannot be played by k6: ReferenceError: process is not defined at file:\/\/\/shop\.ts:1:2\(3\)$/,
    )
  })

  it('is its own fault where it rejected a promise, when it was read or later, and names the place', () => {
    const rejected = 'Uncaught (in promise) Error: x\n\tat file:///a/shop.ts:2:16(21)\n\tat other (native)\n'
    const words =
      /^shop\.ts rejects a promise that nothing handles: Error: x at file:\/\/\/a\/shop\.ts:2:16\(21\)$/
    const unread = `could not initialize 'a.js': could not load JS test 'file:///a.js': ${rejected}`
    expect(playing({ code: 255, errors: [unread], isSilent: true })).toThrow(words)
    expect(playing({ errors: ['user 3 at "a": x', rejected] })).toThrow(words)
    expect(playing({ errors: ['Uncaught (in promise) z'] })).toThrow(/nothing handles: z$/)
  })

  it('is not its own fault where what plays it rejected a promise', () => {
    const swarm = join(project, 'loadtests/swarm/swarm.ts')
    expect(
      playing({ errors: [`Uncaught (in promise) Error: x\n\tat file://${swarm}:1:2(3)\n`] }),
    ).not.toThrow()
  })

  it('is not its own fault there, whatever the path of the project is written like', () => {
    const swarm = encodeURI(join(project, 'loadtests/swarm/a swarm.ts'))
    for (const path of [swarm, decodeURI(swarm)]) {
      const said = `Uncaught (in promise) Error: x\n\tat file://${path}:1:2(3)\n`
      expect(playing({ errors: [said] })).not.toThrow()
    }
  })

  it('is its own fault where it never gave k6 its turn back', () => {
    expect(playing({ code: null, isSilent: true, isOverdue: true })).toThrow(/never returns/)
  })

  it('is not its own fault otherwise', () => {
    expect(playing({})).not.toThrow()
    expect(playing({ code: null, isSilent: true })).not.toThrow()
    expect(playing({ code: 107, errors: ['x'] })).not.toThrow()
    expect(playing({ code: 108, errors: ['test aborted: by somebody else\n'] })).not.toThrow()
  })
})
