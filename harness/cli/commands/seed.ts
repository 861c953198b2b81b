import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { seedDatabase } from '@headroom/seed/seed.ts'
import { prepareDatabase } from '@worklane/data/prepare.ts'
import type { Command } from 'commander'
import { wholeNumber } from '../options.ts'
import { UsageError } from '../usage.ts'

type Options = { organisations: number; users: number; seed: number }

export function register(program: Command): void {
  program
    .command('seed')
    .description('writes a population into the database that DATABASE_URL names')
    .option('--organisations <n>', 'how many', wholeNumber(1, 100_000), defaultPopulation.organisations)
    .option('--users <n>', 'how many', wholeNumber(3, 10_000_000), defaultPopulation.users)
    .option(
      '--seed <n>',
      'the same seed gives the same database',
      wholeNumber(0, 2 ** 31),
      defaultPopulation.seed,
    )
    .action(async (spec: Options) => {
      const { DATABASE_URL: url, SEED_SESSION_SECRET: sessionSecret } = process.env
      if (!url)
        throw new UsageError(
          'DATABASE_URL is not set',
          'name the database to fill; load tests seed their own',
        )
      if (!sessionSecret)
        throw new UsageError('SEED_SESSION_SECRET is not set', 'choose one; load tests need the same')
      await prepareDatabase(url).catch((error: Error) => {
        throw new UsageError(error.message, 'correct DATABASE_URL')
      })
      const { digest } = await seedDatabase(url, spec, {
        sessionSecret,
        onProgress: (line) => console.log(line),
      })
      console.log(`digest ${digest}`)
    })
}
