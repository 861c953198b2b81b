import type { Command } from 'commander'
import { benchApp } from '../../bench/app.ts'
import { oneOf, wholeNumber } from '../options.ts'
import { exitCodes } from '../usage.ts'

export function register(program: Command): void {
  program
    .command('bench')
    .description("measures Worklane's building blocks side by side: pnpm bench:app")
    .argument('<what>', 'app')
    .option('--pairs <n>', 'how often each of two is measured', wholeNumber(3, 101), 9)
    .action(async (what: string, { pairs }: { pairs: number }) => {
      oneOf('benchmark', what, ['app'])
      const held = await benchApp(pairs, (line) => console.log(line))
      process.exitCode = held ? exitCodes.pass : exitCodes.fail
    })
}
