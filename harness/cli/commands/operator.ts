import { operatorsOf } from '@worklane/data/operators.ts'
import type { Command } from 'commander'
import { UsageError } from '../../plan/usage.ts'
import { asUsage } from '../../stack/own-servers.ts'

export function register(program: Command): void {
  const operator = program
    .command('operator')
    .description('says who runs Worklane, in the database of DATABASE_URL: they see /operators')
  operator
    .command('add')
    .argument('<mail>', 'of an account whose address is proved')
    .description('makes somebody an operator, from their next request on')
    .action((mail: string) => add(mail))
  operator
    .command('remove')
    .argument('<mail>')
    .description('ends that, from their next request on')
    .action((mail: string) => remove(mail))
  operator
    .command('list')
    .description('prints who is one, and since when')
    .action(() => list())
}

async function add(mail: string): Promise<void> {
  const outcome = await asUsage(() => operators().add(mail))
  if (outcome === 'no account')
    throw new UsageError(`nobody signs in as ${mail}`, 'have them sign up first, and prove the address')
  if (outcome === 'not proved')
    throw new UsageError(
      `${mail} is not proved to be theirs`,
      'have them follow the link that signing up mails, or sign in by one',
    )
  console.log(outcome === 'added' ? `${mail} is an operator now` : `${mail} is an operator already`)
}

async function remove(mail: string): Promise<void> {
  const outcome = await asUsage(() => operators().remove(mail))
  if (outcome === 'no operator') throw new UsageError(`${mail} is no operator`, 'see pnpm operator list')
  console.log(`${mail} is no operator any more`)
}

async function list(): Promise<void> {
  const all = await asUsage(() => operators().list())
  for (const { email, grantedAt } of all) console.log(`${grantedAt.toISOString()}  ${email}`)
  if (all.length === 0) console.log('nobody is an operator: pnpm operator add <mail>')
}

function operators() {
  const { DATABASE_URL: url } = process.env
  if (!url)
    throw new UsageError('DATABASE_URL is not set', 'set it to the connection of the database’s owner')
  return operatorsOf(url)
}
