import type { Command } from 'commander'
import { runSteps } from '../../test/run.ts'
import { steps } from '../../test/steps.ts'
import { provideHeadless } from '../../toolchain/chromium.ts'
import { provide } from '../../toolchain/provide.ts'
import { oneOf } from '../options.ts'

export function register(program: Command): void {
  program
    .command('test')
    .description('runs every check and test, or the steps named')
    .argument('[steps...]', steps.map(({ name }) => name).join(', '))
    .action(async (names: string[]) => {
      const known = steps.map(({ name }) => name)
      const chosen = names.map((name) => oneOf('step', name, known))
      const say = (line: string) => console.log(line)
      await provide(['k6', 'redis', 'nginx', 'prometheus', 'chromium'], say)
      await provideHeadless(say)
      const { passed, failed } = await runSteps(
        chosen.length === 0 ? steps : steps.filter(({ name }) => chosen.includes(name)),
      )
      // The closing line that every CI can read.
      console.log(`${passed} passed, ${failed} failed`)
      process.exitCode = failed === 0 ? 0 : 1
    })
}
