import type { Command } from 'commander'
import { oneOf } from '../../plan/options.ts'
import { runSteps } from '../../test/run.ts'
import { type Step, steps } from '../../test/steps.ts'
import { provideHeadless } from '../../toolchain/chromium.ts'
import { provide } from '../../toolchain/provide.ts'

const night = 'nightly'

export function register(program: Command): void {
  const known = [...steps.map(({ name }) => name), night]
  program
    .command('test')
    .description('runs every check and test but those for the night, or the steps named')
    .argument('[steps...]', known.join(', '))
    .action(async (names: string[]) => {
      const chosen = stepsNamed(names.map((name) => oneOf('step', name, known)))
      const say = (line: string) => console.log(line)
      await provide(['k6', 'redis', 'nginx', 'prometheus', 'chromium'], say)
      await provideHeadless(say)
      const { passed, failed } = await runSteps(chosen)
      // The closing line that every CI can read.
      console.log(`${passed} passed, ${failed} failed`)
      process.exitCode = failed === 0 ? 0 : 1
    })
}

function stepsNamed(names: readonly string[]): readonly Step[] {
  if (names.length === 0) return steps.filter(({ isNightly }) => !isNightly)
  return steps.filter(({ name, isNightly }) => names.includes(name) || (isNightly && names.includes(night)))
}
