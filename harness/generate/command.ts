import type { Command } from 'commander'
import pc from 'picocolors'
import { project } from '../project.ts'
import { bringUpToDate } from './generated.ts'

const noPlace = 'has no <!-- slo:start --> and <!-- slo:end --> to write between'

export function register(program: Command): void {
  program
    .command('generate')
    .description('makes what is derived from perf-budgets/slo.ts')
    .option('--check', 'write nothing; exit with 1 when a file is stale', false)
    .action(async ({ check }: { check: boolean }) => {
      const files = await bringUpToDate(project, { lookOnly: check })
      for (const { path, state } of files) {
        if (state === 'fresh') console.log(`${pc.green('✓')} ${path} ${pc.dim('is up to date')}`)
        else if (state === 'no place') console.log(`${pc.red('✗')} ${path} ${noPlace}`)
        else if (check) console.log(`${pc.red('✗')} ${path} is stale — run pnpm generate`)
        else console.log(`${pc.green('✓')} ${path} ${pc.bold('written')}`)
      }
      const amiss = files.some(({ state }) => state === 'no place' || (check && state === 'stale'))
      process.exitCode = amiss ? 1 : 0
    })
}
