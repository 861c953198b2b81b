import { describe, expect, it } from 'vitest'
import { smoke } from '../test/smoke.ts'

/** Nobody waits for users who come. */
const short = ['--ramp', '3s', '--duration', '15s']

/** What a run must say however fast the machine is. */
describe('a run that breaks a promise', () => {
  it('is invalid when the generator was starved of CPU', async () => {
    const { exitCode, result } = await smoke(...short, '--fault', 'starve-generator=0.05')
    expect(exitCode).toBe(2)
    expect(result.verdict).toBe('invalid')
    expect(result.reasons.join('\n')).toMatch(/schedule lag/)
  })

  it('is invalid, and names what is missing, when Prometheus stops half-way', async () => {
    const { exitCode, result } = await smoke(...short, '--fault', 'stop=prometheus@50%')
    expect([exitCode, result.verdict]).toEqual([2, 'invalid'])
    expect(result.reasons.join('\n')).toMatch(
      /failed pages, which smoke stands on, is missing: Prometheus did/,
    )
    expect(result.observed.failedPages).toBeNull()
  })

  it('fails when the cache forgets whose answer it keeps', async () => {
    const { exitCode, result } = await smoke(...short, '--fault', 'leak=cache')
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    expect(result.reasons.join('\n')).toMatch(/showed user \d+ another tenant's text/)
  })

  it('fails, and names the part, when the API stops half-way', async () => {
    const { exitCode, result } = await smoke(...short, '--fault', 'stop=api@50%')
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    expect(result.reasons.join('\n')).toMatch(/\bapi\b/)
  })
})
