import { join } from 'node:path'
import type { Command } from 'commander'
import pc from 'picocolors'
import { fromHere, shownFromHere } from '../../plan/here.ts'
import { oneOf, wholeNumber } from '../../plan/options.ts'
import { UsageError } from '../../plan/usage.ts'
import { project } from '../../project.ts'

type EnvOptions = { out?: string; origin?: string; port?: number; ownDatabase: boolean }

export function register(program: Command): void {
  const deployment = program
    .command('deployment')
    .description('what a deployment of Worklane needs, and a trial of it (docs/deploy.md)')
    .argument('[what]')
    .action((what: string | undefined) => {
      const names = deployment.commands.map((each) => each.name())
      if (what !== undefined) oneOf('part of deployment', what, names)
      throw new UsageError('deployment does nothing by itself', `one of: ${names.join(', ')}`)
    })
  deployment
    .command('env')
    .description('writes deploy/.env with new secrets, for its owner alone to read')
    .option('--origin <url>', 'the address that people use; http://localhost:8080 unless given')
    .option('--port <port>', 'of this machine, which leads to it; 8080 unless given', wholeNumber(1, 65_535))
    .option('--own-database', 'for the Postgres whose administrator signs in by DATABASE_URL', false)
    .option('--out <file>', 'another file than deploy/.env', fromHere)
    .action(writeEnv)
  deployment
    .command('try')
    .description(
      'starts what deploy/compose.yaml says without Docker, uses it as its first user does, and stops it',
    )
    .action(tryIt)
  deployment
    .command('use')
    .description('does what the first user of a deployment does: signs up, attaches a file, gets it back')
    .argument('<origin>', 'where it is')
    .action(use)
  deployment.command('images').description('builds all images, where there is a Docker').action(images)
}

async function writeEnv({ out, origin, port, ownDatabase }: EnvOptions): Promise<void> {
  const { writeEnvironmentFile } = await import('../../deploy/env-file.ts')
  const { asUsage } = await import('../../stack/own-servers.ts')
  const databaseUrl = process.env.DATABASE_URL
  if (ownDatabase && !databaseUrl)
    throw new UsageError(
      '--own-database is given, and DATABASE_URL is not set',
      'set it to the connection of the database’s administrator',
    )
  const file = out ?? join(project, 'deploy/.env')
  const choices = {
    ...(origin === undefined ? {} : { origin: originOf('--origin', origin) }),
    ...(port === undefined ? {} : { port }),
    ...(ownDatabase && databaseUrl ? { databaseUrl } : {}),
  }
  await asUsage(() => writeEnvironmentFile(file, choices))
  console.log(`${pc.green('✓')} ${shownFromHere(file)} ${pc.dim('written, with new secrets')}`)
}

/** @throws UsageError where it is more or less than an origin */
function originOf(what: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== text.replace(/\/$/, ''))
    throw new UsageError(
      `${what} ${text} is no origin`,
      'give scheme and host, such as https://app.example.com',
    )
  return url.origin
}

async function use(text: string): Promise<void> {
  const { useAsFirstUser } = await import('../../deploy/first-user.ts')
  await useAsFirstUser({ origin: originOf('<origin>', text) }, (line) => console.log(pc.dim(`  ${line}`)))
}

async function images(): Promise<void> {
  const { buildImages } = await import('../../deploy/images.ts')
  const { notHere } = await import('../../test/steps.ts')
  if (await buildImages()) return
  console.log('Docker is not here: the images were not built')
  process.exitCode = notHere
}

async function tryIt(): Promise<void> {
  const { startDeployment } = await import('../../deploy/deployment.ts')
  const { useAsFirstUser } = await import('../../deploy/first-user.ts')
  const say = (line: string) => console.log(pc.dim(`  ${line}`))
  const deployment = await startDeployment({ say })
  try {
    await useAsFirstUser(deployment, say)
  } finally {
    const ended = await deployment.stop()
    for (const [name, code] of Object.entries(ended))
      if (code !== 0 && code !== 143) say(`${name} ended with ${code}`)
  }
  for (const [name, why] of Object.entries(deployment.left)) say(`${name}: not tried, ${why}`)
  console.log(`${pc.green('✓')} Worklane runs as deploy/compose.yaml says`)
}
