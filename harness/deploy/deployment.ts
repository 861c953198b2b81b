import { existsSync } from 'node:fs'
import { chown, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { generateClient } from '@worklane/data/generate.ts'
import { execa } from 'execa'
import { UsageError } from '../cli/usage.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { lastLines, launch, type Part, untilReady } from '../stack/part.ts'
import { project } from '../stack/project.ts'
import { cacheDirectory } from '../toolchain/find.ts'
import { postgresTools } from '../toolchain/postgres-tools.ts'
import { provide } from '../toolchain/provide.ts'
import { type Addresses, addressesFor, atOwnAddress } from './addresses.ts'
import { makeBuilt } from './built.ts'
import { type ComposeService, readCompose } from './compose.ts'
import { type Container, commandIn } from './container.ts'
import { type Image, readStages } from './dockerfile.ts'
import { environmentIn, environmentText, exampleFile } from './env-file.ts'
import { fileSystemOf, type Made } from './file-system.ts'
import { type ReceivedMail, startMailSink } from './mail-sink.ts'
import { startAdministeredPostgres } from './postgres.ts'

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

/** What images of others start with, by their name. */
const entrypoints: Record<string, string[]> = { 'prom/prometheus': ['prometheus'] }

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
  const origin = `http://${addresses.of.edge}:8080`
  const environment = environmentIn(environmentText(await readFile(exampleFile, 'utf8'), { origin }))
  const services = await readCompose(composeFile, environment)
  change(services)
  const wanted = inOrder(services).filter(({ name }) => only?.includes(name) ?? !(name in left))

  const [tools, postgresPrograms] = await Promise.all([
    provide(['bubblewrap', 'redis', 'versitygw', 'nginx', 'prometheus'], say),
    postgresTools(),
    generateClient(),
  ])
  const images = readStages(await readFile(dockerfile, 'utf8'))
  const guard = startGuard()
  const home = await mkdtemp(join(tmpdir(), 'worklane-compose-'))
  guard.directory(home)
  await writeFile(join(home, 'hosts'), addresses.hosts)
  const made: Made = {
    built: join(home, 'built'),
    versitygw: tools.versitygw.path,
    node: await realpath(process.execPath),
  }
  await makeBuilt(made.built, new Set(wanted.map(({ name }) => name)), say)
  const programs = [tools.redis.path, tools.nginx.path, tools.prometheus.path]
  const place: Place = {
    guard,
    home,
    addresses,
    images,
    made,
    programs,
    postgresPrograms,
    bubblewrap: tools.bubblewrap.path,
  }

  const started = new Map<string, Part>()
  const mailSink = await startMailSink(addresses.of.mail ?? '', 1025)
  const ended: Record<string, number | null> = {}
  const stop = async () => {
    for (const [name, part] of [...started].reverse()) {
      await part.stop(15_000)
      ended[name] = (await part.exited).code
    }
    await mailSink.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
    guard.end()
    return ended
  }
  try {
    for (const service of wanted) {
      // The one of this process is there already.
      if (service.name === 'mail') continue
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
    ...{ origin, environment, left, stop },
    mails: mailSink.mails,
    addresses: addresses.of,
    run: (name, command) => runBeside(place, serviceNamed(services, name), command),
  }
}

const exampleValues = async () => environmentIn(environmentText(await readFile(exampleFile, 'utf8'), {}))

/** What all services of a deployment share. */
type Place = {
  guard: Guard
  home: string
  addresses: Addresses
  images: Map<string, Image>
  made: Made
  /** Of this machine, in the place of what images of others hold. */
  programs: string[]
  postgresPrograms: string
  bubblewrap: string
}

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

async function startService(place: Place, service: ComposeService): Promise<Part> {
  const { guard, home, postgresPrograms: programs } = place
  const address = addressOf(place, service)
  const logFile = join(home, `${service.name}.log`)
  if (service.name === 'postgres')
    return startAdministeredPostgres(guard, { service, address, logFile, programs })
  const { container, command } = await containerOf(place, service)
  const [file, args] = commandIn(container, place.bubblewrap, command)
  const signal = service.stop_signal ?? imageOf(place, service)?.stopSignal ?? 'SIGTERM'
  return launch(guard, {
    ...{ name: service.name, command: file, args, logFile, cwd: '/' },
    stopSignal: signal as NodeJS.Signals,
  })
}

/** Waits until it has ended well, or until its own health check says yes. @throws Error with its last lines */
async function untilItIsAsOthersNeedIt(place: Place, service: ComposeService, part: Part): Promise<void> {
  if (service.restart === 'no') {
    const { code } = await part.exited
    if (code !== 0) throw new Error(`${service.name} ended with ${code}:\n${await lastLines(part.logFile)}`)
    return
  }
  const check = healthcheckOf(place, service)
  let said = ''
  const isHealthy = async () => {
    const { exitCode, output } = await runBeside(place, service, check)
    said = output
    return exitCode === 0
  }
  await untilReady(part, isHealthy, 120).catch((error: Error) => {
    throw new Error(`${error.message}\nits health check: ${said}`)
  })
}

function healthcheckOf(place: Place, service: ComposeService): string[] {
  const [kind, ...words] = service.healthcheck?.test ?? []
  if (kind === 'CMD') return words
  if (kind === 'CMD-SHELL') return ['/bin/sh', '-c', ...words]
  const ofImage = imageOf(place, service)?.healthcheck
  if (!ofImage) throw new Error(`nothing says when ${service.name} is healthy`)
  return ofImage
}

async function runBeside(
  place: Place,
  service: ComposeService,
  command: string[],
): Promise<{ exitCode: number; output: string }> {
  const { container } = await containerOf(place, service)
  const address = addressOf(place, service)
  const words = command.map((word) => atOwnAddress(word, address))
  const [file, args] = commandIn(container, place.bubblewrap, words)
  const { exitCode = 1, all } = await execa(file, args, { all: true, reject: false, timeout: 20_000 })
  return { exitCode, output: all }
}

const imageOf = ({ images }: Place, { build }: ComposeService): Image | undefined =>
  build && images.get(build.target)

const addressOf = ({ addresses }: Place, { name }: ComposeService): string => addresses.of[name] ?? ''

async function containerOf(
  place: Place,
  service: ComposeService,
): Promise<{ container: Container; command: string[] }> {
  const address = addressOf(place, service)
  const image = imageOf(place, service)
  const user = Number((service.user ?? image?.user ?? '0').split(':')[0])
  const env = Object.entries({ ...image?.env, ...service.environment })
  const entrypoint = image?.entrypoint ?? entrypoints[service.image.split(':')[0] ?? ''] ?? []
  const command = [...entrypoint, ...(service.command ?? image?.command ?? [])]
  const container: Container = {
    user,
    readOnly: service.read_only,
    directory: image?.directory ?? '/',
    tmpfs: service.tmpfs,
    env: {
      ...Object.fromEntries(env.map(([name, value]) => [name, atOwnAddress(value, address)])),
      PATH: `/usr/local/bin:${place.postgresPrograms}:/usr/bin:/usr/sbin:/bin`,
    },
    mounts: [
      { source: join(place.home, 'hosts'), target: '/etc/hosts' },
      // With the libraries that are beside them.
      ...(existsSync(cacheDirectory())
        ? [{ source: resolve(cacheDirectory()), target: resolve(cacheDirectory()) }]
        : []),
      ...place.programs
        .filter((path) => !path.startsWith('/usr/'))
        .map((path) => ({ source: path, target: `/usr/local/bin/${basename(path)}` })),
      ...(image ? await fileSystemOf(image, place.made) : []),
      ...(await configurations(place, service)),
      ...(await volumes(place, service, user)),
    ],
  }
  return { container, command: command.map((word) => atOwnAddress(word, address)) }
}

/** Files of the checkout that a service reads, at its own address. */
async function configurations(place: Place, { name, files }: ComposeService) {
  const address = place.addresses.of[name] ?? ''
  return Promise.all(
    files.map(async ({ source, target }) => {
      const copy = join(place.home, `${name}-${basename(source)}`)
      await writeFile(copy, atOwnAddress(await readFile(source, 'utf8'), address))
      return { source: copy, target }
    }),
  )
}

/** Volumes begin as empty directories of the service's user; the store's has the bucket that its image brings. */
async function volumes(place: Place, service: ComposeService, user: number) {
  return Promise.all(
    service.volumes.map(async ({ source, target }) => {
      const directory = join(place.home, 'volumes', source)
      const made = [directory, ...(source === 'objects' ? [join(directory, 'worklane-files')] : [])]
      for (const each of made) {
        await mkdir(each, { recursive: true })
        if (process.getuid?.() === 0) await chown(each, user, user)
      }
      return { source: directory, target, writable: true }
    }),
  )
}
