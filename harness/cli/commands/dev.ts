import { type PopulationSpec, userAt } from '@headroom/fixtures/population.ts'
import { demoPassword } from '@headroom/seed/seed.ts'
import type { Command } from 'commander'
import pc from 'picocolors'
import { wholeNumber } from '../../plan/options.ts'
import { startStack } from '../../stack/stack.ts'
import { untilStopped } from '../until-stopped.ts'

const population: PopulationSpec = { seed: 1, organisations: 8, users: 120 }

export function register(program: Command): void {
  program
    .command('dev')
    .description('starts Worklane with reload, seeded, and prints the URL and a login')
    .option('--port <port>', 'where the edge listens; a free port unless given', wholeNumber(1, 65_535))
    .action(async ({ port }: { port?: number }) => {
      const say = (line: string) => console.log(pc.dim(line))
      const stack = await startStack({ mode: 'development', population, say, ...(port ? { port } : {}) })
      const { email, name } = userAt(population, 0)
      console.log(`
  ${pc.bold('Worklane')}   ${pc.cyan(stack.origin)}
  sign in    ${email}  ${pc.dim(`(${name}, owner)`)}
  password   ${demoPassword}
  mail       ${stack.origin}/dev/mail
  API        ${stack.origin}/openapi.json
  payments   ${stack.payments?.origin ?? 'off'}  ${pc.dim('(a sandbox: cards such as 4242 4242 4242 4242)')}
  logs       ${stack.logDirectory}

  ${pc.dim('Ctrl-C stops everything.')}
`)
      await untilStopped(stack)
    })
}
