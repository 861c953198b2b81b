import type { Command } from 'commander'
import pc from 'picocolors'
import { duration, wholeNumber } from '../../plan/options.ts'
import { exitCodes } from '../../plan/usage.ts'

type Options = { time: number; seed?: number; own?: true }

export function register(program: Command): void {
  program
    .command('fuzz')
    .description('sends the API what nobody should send, and holds every answer against the OpenAPI document')
    .option('--time <time>', 'for each of the two fuzzers, such as 2m', duration, 600_000)
    .option('--seed <n>', 'the same requests again', wholeNumber(0, 2 ** 31 - 1))
    .option('--own', 'ours alone, without schemathesis, which is installed from PyPI')
    .action(async ({ time, seed, own }: Options) => {
      const { runFuzz } = await import('../../fuzz/fuzz.ts')
      const options = { milliseconds: time, ownOnly: own === true, ...(seed === undefined ? {} : { seed }) }
      const held = await runFuzz(options, (line) => console.log(pc.dim(line)))
      process.exitCode = held ? exitCodes.pass : exitCodes.fail
    })
}
