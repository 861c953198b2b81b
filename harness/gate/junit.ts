import { type Case, failure, junit, type Outcome, passed, verdictCase } from '../report/junit.ts'
import type { Compared } from './gate.ts'

export function junitOfGate({ verdict, findings, counters, reasons }: Compared): string {
  const cases = [
    ...findings.map(({ name, call, ratio, interval: [low, high] }): Case => {
      const range = `${ratio.toFixed(3)} of base (${low.toFixed(3)} to ${high.toFixed(3)})`
      const undecided: Outcome = call === 'undecided' ? { skipped: true } : passed
      return { of: 'timed', name, outcome: call === 'worse' ? failure(range) : undecided }
    }),
    ...counters.findings.map(
      ({ kind, route, base, head, call }): Case => ({
        of: 'counted',
        name: `${kind} of ${route}`,
        outcome: call === 'worse' ? failure(`${base} to ${head ?? 'none'}`) : passed,
      }),
    ),
  ]
  return junit('gate', [verdictCase(verdict, reasons, cases), ...cases])
}
