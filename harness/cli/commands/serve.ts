import { rename, stat, writeFile } from 'node:fs/promises'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import type { Command } from 'commander'
import pc from 'picocolors'
import { Served } from '../../gate/sides.ts'
import { readStackFaults, stackFaults } from '../../plan/faults.ts'
import { fromHere } from '../../plan/here.ts'
import { several, wholeNumber } from '../../plan/options.ts'
import { UsageError } from '../../plan/usage.ts'
import { startStack } from '../../stack/stack.ts'
import { untilStopped } from '../until-stopped.ts'

type Options = {
  port?: number
  organisations: number
  population: number
  seed: number
  ready?: string
  fault: string[]
}

export function register(program: Command): void {
  program
    .command('serve')
    .description('starts Worklane as in production, with the population of a load test, until it is stopped')
    .option('--port <port>', 'where the edge listens; a free port unless given', wholeNumber(1, 65_535))
    .option('--organisations <n>', 'tenants', wholeNumber(1, 100_000), defaultPopulation.organisations)
    .option('--population <n>', 'users', wholeNumber(3, 10_000_000), defaultPopulation.users)
    .option('--seed <n>', 'makes other users', wholeNumber(0, 2 ** 31), defaultPopulation.seed)
    .option('--fault <fault>', 'breaks Worklane on purpose; repeatable', several, [])
    .option(
      '--ready <file>',
      'written when everything is up: address, secret and processes, as JSON',
      fromHere,
    )
    .action(serve)
}

async function serve({ port, organisations, population: users, seed, ready, fault }: Options): Promise<void> {
  const faults = stackFaults(readStackFaults(fault))
  if (ready !== undefined) await assertTakes(ready)
  const population = { seed, organisations, users }
  const say = (line: string) => console.log(pc.dim(line))
  const stack = await startStack({ population, ...faults, say, ...(port === undefined ? {} : { port }) })
  console.log(`${pc.bold('Worklane')}  ${pc.cyan(stack.origin)}  ${pc.dim('Ctrl-C stops everything.')}`)
  if (ready !== undefined) {
    const { origin, sessionSecret, parts, addresses, env } = stack
    const processes = parts
      .filter(({ name }) => name !== 'prometheus')
      .map(({ name, pid }) => ({ name, pid }))
    const served = Served.parse({
      origin,
      sessionSecret,
      population,
      processes,
      databaseUrl: env.DATABASE_URL,
      webUrl: addresses.web,
    })
    // Whole or not at all: somebody waits for it.
    await writeFile(`${ready}.partial`, JSON.stringify(served), { mode: 0o600 })
    await rename(`${ready}.partial`, ready)
  }
  await untilStopped(stack)
}

/** Before anything is started. @throws UsageError unless the file can be written */
async function assertTakes(ready: string): Promise<void> {
  const isDirectory = await stat(ready).then(
    (file) => file.isDirectory(),
    () => false,
  )
  const problem = isDirectory
    ? 'EISDIR'
    : await writeFile(`${ready}.partial`, '', { mode: 0o600 }).then(
        () => null,
        ({ code }: NodeJS.ErrnoException) => code,
      )
  if (problem !== null)
    throw new UsageError(
      `--ready ${ready} cannot be written (${problem})`,
      'give a file in a directory of yours',
    )
}
