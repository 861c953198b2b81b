import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateClient } from '@worklane/data/generate.ts'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { startGuard } from '../stack/guard.ts'
import type { Part } from '../stack/part.ts'
import { postgresTools } from '../toolchain/postgres-tools.ts'
import { provide } from '../toolchain/provide.ts'
import { addressesFor } from './addresses.ts'
import { makeBuilt } from './built.ts'
import { type ComposeService, readCompose } from './compose.ts'
import { readStages } from './dockerfile.ts'
import { environmentIn, environmentText, exampleFile } from './env-file.ts'
import { type ReceivedMail, startMailSink } from './mail-sink.ts'
import { type Place, runBeside, startService, untilItIsAsOthersNeedIt } from './service.ts'

export type Deployment = {
  origin: string
  /** What Worklane sent, in the place of the mail server. */
  mails: ReceivedMail[]
  addresses: Record<string, string>
  /** What deploy/.env would hold. */
  environment: Record<string, string>
  /** What of the compose file could not be started here, and why. */
  left: Record<string, string>
  /** Runs a command where a service runs: its files, its user, its environment. */
  run(service: string, command: string[]): Promise<{ exitCode: number; output: string }>
  /** Stops the services as Compose does, those last that others stand on. @returns what each ended with */
  stop(): Promise<Record<string, number | null>>
}

export type DeploymentOptions = {
  say?: (line: string) => void
  /** Some of the services; all unless said. */
  only?: readonly string[]
  /** Known-bad cases: the services as they should not be. */
  change?: (services: Record<string, ComposeService>) => void
}

const composeFile = join(project, 'deploy/compose.yaml')
const dockerfile = join(project, 'deploy/Dockerfile')

/** What has no stand-in on this machine. */
const left = { grafana: 'no package registry carries it' }

/**
 * Starts what deploy/compose.yaml says without Docker: each service by the command, the environment, the files, the
 * user and the order that the file and the Dockerfile give it, in a container of bubblewrap's. Postgres, Redis,
 * versitygw, nginx and Prometheus are this machine's; mail goes to a server in this process.
 * @throws UsageError on another system than Linux
 */
export async function startDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  if (process.platform !== 'linux')
    throw new UsageError('containers without Docker need Linux', 'docker compose -f deploy/compose.yaml up')
  const { say = () => {}, change = () => {}, only } = options
  const names = Object.keys(await readCompose(composeFile, await exampleValues()))
  const addresses = addressesFor(names)
  const origin = `http://${addresses.edge}:8080`
  const environment = environmentIn(environmentText(await readFile(exampleFile, 'utf8'), { origin }))
  const services = await readCompose(composeFile, environment)
  change(services)
  const wanted = inOrder(services).filter(({ name }) => only?.includes(name) ?? !(name in left))

  const [tools, postgresPrograms] = await Promise.all([
    provide(['bubblewrap', 'redis', 'versitygw', 'nginx', 'prometheus'], say),
    postgresTools(),
    generateClient(),
  ])
  const guard = startGuard()
  const home = await mkdtemp(join(tmpdir(), 'worklane-compose-'))
  guard.directory(home)
  const place: Place = {
    guard,
    home,
    addresses,
    images: readStages(await readFile(dockerfile, 'utf8')),
    made: {
      built: join(home, 'built'),
      versitygw: tools.versitygw.path,
      node: await realpath(process.execPath),
    },
    programs: [tools.redis.path, tools.nginx.path, tools.prometheus.path],
    postgresPrograms,
    bubblewrap: tools.bubblewrap.path,
  }
  const mailSink = await startMailSink(addresses.mail ?? '', 1025)
  const started = new Map<string, Part>()
  const ended: Record<string, number | null> = {}
  const end = async () => {
    for (const [name, part] of [...started].reverse()) {
      await part.stop(15_000)
      ended[name] = (await part.exited).code
    }
    await mailSink.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
    guard.end()
    return ended
  }
  let stopped: ReturnType<typeof end> | undefined
  const stop = () => {
    stopped ??= end()
    return stopped
  }
  try {
    await makeBuilt(place.made.built, new Set(wanted.map(({ name }) => name)), say)
    // The mail server of this process is there already.
    for (const service of wanted.filter(({ name }) => name !== 'mail')) {
      const part = await startService(place, service)
      started.set(service.name, part)
      await untilItIsAsOthersNeedIt(place, service, part)
      if (!part.running()) started.delete(service.name)
      say(`${service.name}: ${part.running() ? 'healthy' : 'done'}`)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    origin,
    environment,
    left,
    stop,
    mails: mailSink.mails,
    addresses,
    run: (name, command) => runBeside(place, serviceNamed(services, name), command),
  }
}

const exampleValues = async () => environmentIn(environmentText(await readFile(exampleFile, 'utf8'), {}))

const serviceNamed = (services: Record<string, ComposeService>, name: string): ComposeService => {
  const service = services[name]
  if (!service) throw new Error(`the compose file has no service "${name}"`)
  return service
}

/** Those first that others depend on. */
function inOrder(services: Record<string, ComposeService>): ComposeService[] {
  const ordered = new Set<ComposeService>()
  const add = (name: string) => {
    const service = serviceNamed(services, name)
    for (const other of Object.keys(service.depends_on)) add(other)
    ordered.add(service)
  }
  for (const name of Object.keys(services)) add(name)
  return [...ordered]
}
