import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { nothing, type VuState } from '../collect/collector.ts'
import { limitStart } from './start-limit.ts'

describe('the limit of a start', () => {
  const startedWith = (collected = nothing()) => {
    const signals: NodeJS.Signals[] = []
    const generator = {
      shards: [],
      exited: Promise.resolve({ code: 0, lastLines: '', errors: [] }),
      signal: (signal: NodeJS.Signals) => void signals.push(signal),
    }
    return { signals, starting: limitStart(generator, collected, 20) }
  }

  it('ends k6 when nothing came of it, and says so', async () => {
    const { signals, starting } = startedWith()
    await sleep(60)
    expect(signals).toEqual(['SIGKILL'])
    expect(starting.isOverdue()).toBe(true)
    expect(starting.invalidReasons()).toEqual(['k6 told nothing within 0.02 s of its start, and was ended'])
  })

  it('leaves k6 alone once a VU told something, or when it has ended', async () => {
    const collected = nothing()
    const told = startedWith(collected)
    collected.vus.set(1, {} as VuState)
    const ended = startedWith()
    ended.starting.end()
    await sleep(60)
    expect([...told.signals, ...ended.signals]).toEqual([])
    expect([...told.starting.invalidReasons(), ...ended.starting.invalidReasons()]).toEqual([])
  })
})
