import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { execa } from 'execa'
import type { Guard } from '../stack/guard.ts'
import { lastLines, launch, type Part, untilReady } from '../stack/part.ts'
import { cacheDirectory } from '../toolchain/find.ts'
import { atOwnAddress, hostsOf } from './addresses.ts'
import type { ComposeService } from './compose.ts'
import { type Container, commandIn } from './container.ts'
import type { Image } from './dockerfile.ts'
import { fileSystemOf, type Made } from './file-system.ts'
import { startAdministeredPostgres } from './postgres.ts'

/** What all services of a deployment share. */
export type Place = {
  guard: Guard
  home: string
  addresses: Record<string, string>
  images: Map<string, Image>
  made: Made
  /** Of this machine, in the place of what images of others hold. */
  programs: string[]
  postgresPrograms: string
  bubblewrap: string
}

/** What images of others start with, by their name. */
const entrypoints: Record<string, string[]> = { 'prom/prometheus': ['prometheus'] }

/** Starts a service as its container would be. */
export async function startService(place: Place, service: ComposeService): Promise<Part> {
  const { guard, home, postgresPrograms: programs } = place
  const address = addressOf(place, service)
  const logFile = join(home, `${service.name}.log`)
  if (service.name === 'postgres')
    return startAdministeredPostgres(guard, { service, address, logFile, programs })
  const { container, command } = await containerOf(place, service)
  const [file, args] = commandIn(container, place.bubblewrap, command)
  const signal = service.stop_signal ?? imageOf(place, service)?.stopSignal ?? 'SIGTERM'
  return launch(guard, {
    name: service.name,
    command: file,
    args,
    logFile,
    cwd: '/',
    stopSignal: signal as NodeJS.Signals,
  })
}

/** Waits until it has ended well, or until its own health check says yes. @throws Error with its last lines */
export async function untilItIsAsOthersNeedIt(
  place: Place,
  service: ComposeService,
  part: Part,
): Promise<void> {
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

/** Runs a command with the files, the user and the environment of a service. */
export async function runBeside(
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

const addressOf = ({ addresses }: Place, { name }: ComposeService): string => addresses[name] ?? ''

type Prepared = { container: Container; command: string[] }

const prepared = new WeakMap<ComposeService, Promise<Prepared>>()

/** Once for each service: what is mounted must not be written anew while its process reads it. */
function containerOf(place: Place, service: ComposeService): Promise<Prepared> {
  const found = prepared.get(service) ?? prepare(place, service)
  prepared.set(service, found)
  return found
}

async function prepare(place: Place, service: ComposeService): Promise<Prepared> {
  const address = addressOf(place, service)
  const image = imageOf(place, service)
  const user = Number((service.user ?? image?.user ?? '0').split(':')[0])
  const env = Object.entries({ ...image?.env, ...service.environment })
  const entrypoint = image?.entrypoint ?? entrypoints[service.image.split(':')[0] ?? ''] ?? []
  const command = [...entrypoint, ...(service.command ?? image?.command ?? [])]
  const hosts = join(place.home, `${service.name}.hosts`)
  await writeFile(hosts, hostsOf(place.addresses, service.name))
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
      { source: hosts, target: '/etc/hosts' },
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
  const address = place.addresses[name] ?? ''
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
