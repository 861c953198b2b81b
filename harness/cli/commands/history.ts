import { join } from 'node:path'
import type { Command } from 'commander'
import { fromHere } from '../../plan/here.ts'
import { project } from '../../project.ts'

const file = [
  '--file <file>',
  'the history, one JSON a line',
  fromHere,
  join(project, 'results/history.jsonl'),
] as const

export function register(program: Command): void {
  const history = program
    .command('history')
    .description('keeps what runs on main found, and what must not fall back')
  history
    .command('add')
    .description('adds runs, each once')
    .argument('<runs...>', 'directories of results/')
    .option(...file)
    .action(async (runs: string[], options: { file: string }) => {
      const { add } = await import('../../history/command.ts')
      await add(options.file, runs.map(fromHere))
    })
  history
    .command('check')
    .description('finds where levels changed, draws them, and fails when one fell back for good')
    .option(...file)
    .addHelpText('after', '\nExit codes: 0 nothing fell back, 1 something did, 64 wrong use.')
    .action(async (options: { file: string }) => {
      const { check } = await import('../../history/command.ts')
      process.exitCode = (await check(options.file)) ? 0 : 1
    })
  history
    .command('accept')
    .description('holds a series to what it is now')
    .argument('<series>', 'as `pnpm history check` names it')
    .requiredOption('--because <why>', 'stays in the history')
    .option(...file)
    .action(async (series: string, options: { file: string; because: string }) => {
      const { accept } = await import('../../history/command.ts')
      await accept(options.file, series, options.because)
    })
}
