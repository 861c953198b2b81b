import { validity } from '@headroom/perf-budgets/slo.ts'
import { execa } from 'execa'
import { sum } from 'simple-statistics'
import { disturbanceOf, ownErrorsOf } from '../judge/machine.ts'
import { terminalSummary } from '../report/summary.ts'
import { directoryOf } from '../report/write.ts'
import { Result } from '../result/result.ts'
import { isMissing } from '../run/required.ts'
import { untilQuiet } from './steady.ts'

export type Outcome = 'passed' | 'failed' | 'disturbed'

const patience = 60_000

/**
 * Plays a load test that has to pass. One that says nothing because others used the machine is played again once they
 * are quiet, a few times; if they stay, that it says so is what it had to do.
 */
export async function playSmoke([file, ...args]: [string, ...string[]]): Promise<{
  passed: boolean
  note?: string
}> {
  for (let again = 0; ; again++) {
    const { stdout, exitCode } = await execa(file, [...args, '--json'], {
      stderr: 'inherit',
      preferLocal: true,
      reject: false,
    })
    const result = resultIn(stdout)
    if (!result) return { passed: false, note: `no result; exit code ${exitCode}` }
    console.log(terminalSummary(result, directoryOf(result.run)))
    const outcome = outcomeOf(result)
    const note = result.notes.join('; ')
    if (outcome !== 'disturbed') return { passed: outcome === 'passed', ...(note ? { note } : {}) }
    if (again === validity.replays || !(await untilQuiet(patience)))
      return { passed: true, note: `says nothing of times: ${note}` }
    console.log(`  ${note}: played again`)
  }
}

/** What a run comes to where only the machine may have been in its way. */
export function outcomeOf(result: Result): Outcome {
  const { verdict, routes, totals, reasons, observed } = result
  if (verdict === 'pass') return 'passed'
  const isTarget = totals.leaks > 0 || sum(routes.map(ownErrorsOf)) > 0
  const failedPages = sum((observed.failedPages ?? []).map(({ count }) => count))
  return disturbanceOf(result) !== null && !isTarget && failedPages === 0 && !reasons.some(isMissing)
    ? 'disturbed'
    : 'failed'
}

function resultIn(text: string): Result | null {
  try {
    return Result.parse(JSON.parse(text))
  } catch {
    return null
  }
}
