import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { reachPostgres } from '@worklane/data/reach-postgres.ts'
import type { Command } from 'commander'
import pc from 'picocolors'
import { checkLedger, unsettled } from '../../payments/check-ledger.ts'
import { exitCodes, UsageError } from '../../plan/usage.ts'
import { actualOf } from '../../result/evidence.ts'
import { asUsage } from '../../stack/own-servers.ts'

type Options = { since?: Date; json?: boolean }

const day = 86_400_000

export function register(program: Command): void {
  program
    .command('ledger')
    .description('holds what Worklane says of money against what Stripe says of it')
    .option(
      '--since <time>',
      'events from then on, by Stripe’s clock; the last 30 days unless given',
      instant,
    )
    .option('--json', 'print what was found as JSON and nothing else')
    .addHelpText(
      'after',
      '\nDATABASE_URL, STRIPE_SECRET_KEY and, for a sandbox, STRIPE_API_URL say where. Reads, and changes nothing.\nExit codes: 0 both say the same, 1 they do not, 2 something is still under way, 64 wrong use.',
    )
    .action(ledger)
}

async function ledger({ since, json }: Options): Promise<void> {
  const adminUrl = required('DATABASE_URL', 'the administrator’s connection to Worklane’s database')
  const secretKey = required('STRIPE_SECRET_KEY', 'the key that Worklane has')
  await asUsage(async () => reachPostgres(postgresAddress('DATABASE_URL', adminUrl)))
  const origin = process.env.STRIPE_API_URL?.replace(/\/$/, '') || 'https://api.stripe.com'
  const from = Math.floor((since?.getTime() ?? Date.now() - 30 * day) / 1_000)
  const left = await unsettled(adminUrl)
  const { unacknowledged, evidence: found } = await checkLedger(
    { stripe: { origin, secretKey }, adminUrl },
    from,
  )
  if (json) process.stdout.write(`${JSON.stringify({ unsettled: left, unacknowledged, found }, null, 2)}\n`)
  else {
    for (const each of found)
      console.log(`${each.passed ? pc.green('✓') : pc.red('✗')} ${each.limit}  ${pc.dim(actualOf(each))}`)
    // Some are on their way, or were delivered to nobody on purpose: told, and not judged.
    console.log(`· ${unacknowledged.limit}  ${pc.dim(actualOf(unacknowledged))}`)
    if (left > 0) console.log(`${left} customers are not settled yet: look again in a minute`)
  }
  process.exitCode = left > 0 ? exitCodes.invalid : found.every(({ passed }) => passed) ? 0 : exitCodes.fail
}

function required(variable: string, what: string): string {
  const value = process.env[variable]
  if (!value) throw new UsageError(`${variable} is not set`, `set it to ${what}`)
  return value
}

/** @throws UsageError for what is no time */
function instant(text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new UsageError(`--since ${text} is no time`, 'give one such as 2026-11-29T00:00:00Z')
  return time
}
