import { defaultPopulation, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { seedDatabase } from '@headroom/seed/seed.ts'
import { clientConfigOf, postgresAddress, postgresUrl } from '@worklane/data/postgres-address.ts'
import { prepareDatabase } from '@worklane/data/prepare.ts'
import { reachPostgres } from '@worklane/data/reach-postgres.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import type { Command } from 'commander'
import { wholeNumber } from '../../plan/options.ts'
import { UsageError } from '../../plan/usage.ts'
import { asUsage, rolesSecret } from '../../stack/own-servers.ts'
import { startStack } from '../../stack/stack.ts'

type Options = { orgs: number; users: number; seed: number }

export function register(program: Command): void {
  program
    .command('seed')
    .description(
      'writes a population into the database of DATABASE_URL, or into one that load tests begin with',
    )
    .option('--orgs <n>', 'organisations', wholeNumber(1, 100_000), defaultPopulation.organisations)
    .option('--users <n>', 'how many', wholeNumber(3, 10_000_000), defaultPopulation.users)
    .option(
      '--seed <n>',
      'the same seed gives the same database',
      wholeNumber(0, 2 ** 31),
      defaultPopulation.seed,
    )
    .action(async ({ orgs: organisations, users, seed }: Options) => {
      if (users < organisations * 3)
        throw new UsageError(
          `--users ${users} is too few for ${organisations} organisations`,
          'each has at least 3 users; lower --orgs',
        )
      const spec = { organisations, users, seed }
      const { DATABASE_URL: url } = process.env
      console.log(`digest ${url ? await intoDatabase(url, spec) : await intoKeptCluster(spec)}`)
    })
}

const say = (line: string) => console.log(line)

async function intoDatabase(url: string, spec: PopulationSpec): Promise<string> {
  const { SEED_SESSION_SECRET: sessionSecret } = process.env
  if (!sessionSecret)
    throw new UsageError('SEED_SESSION_SECRET is not set', 'choose one; load tests need the same')
  const adminUrl = await asUsage(async () => {
    const address = await reachPostgres(postgresAddress('DATABASE_URL', url))
    await prepareDatabase(postgresUrl(address), await rolesSecret())
    return postgresUrl(address)
  })
  return (await seedDatabase(adminUrl, spec, { sessionSecret, onProgress: say })).digest
}

/** Makes the cluster that each load test of this population clones, unless it is there. */
async function intoKeptCluster(population: PopulationSpec): Promise<string> {
  const stack = await startStack({ population, parts: ['postgres'], say })
  try {
    const client = new UtcClient(clientConfigOf('DATABASE_URL', stack.env.DATABASE_URL ?? ''))
    await client.connect()
    const { rows } = await client.query<{ digest: string }>('select digest from population')
    await client.end()
    return rows[0]?.digest ?? ''
  } finally {
    await stack.stop()
  }
}
