import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { here } from '../plan/here.ts'
import { type Access, openAccess } from '../plan/target/access.ts'
import { ask } from '../plan/target/ask.ts'
import { proxyFor } from '../plan/target/proxy.ts'
import { project } from '../project.ts'
import { shareClusters } from '../stack/cluster.ts'
import type { Guard } from '../stack/guard.ts'
import { lastLines, launch, type Part, untilReady } from '../stack/part.ts'
import { shareSecrets } from '../stack/secrets.ts'
import { usageOf } from '../stack/usage.ts'
import { type SideName, theRest } from './slices.ts'

/** One of the two that are compared, while it is up. */
export type Side = {
  name: SideName
  /** A revision or an address, as it is shown. */
  what: string
  origin: string
  sessionSecret: string
  access: Access
  /** Its checkout; undefined of a deployment. */
  directory: string | undefined
  /** Undefined where it is not ours. */
  databaseUrl: string | undefined
  /** Of a web process itself, past the edge; undefined as above. */
  webUrl: string | undefined
  /** CPU seconds that its processes took since they began, by kind; null where they are not ours to watch. */
  cpuSeconds(): Promise<Record<string, number> | null>
  stop(): Promise<void>
}

/** It cannot be told whether the change made anything worse, and why. */
export class GateInvalid extends Error {
  override name = 'GateInvalid'
}

/** What `pnpm serve --ready FILE` writes when everything is up. */
export const Served = z.object({
  origin: z.string(),
  sessionSecret: z.string(),
  population: z.object({ seed: z.number(), organisations: z.number(), users: z.number() }),
  processes: z.array(z.object({ name: z.string(), pid: z.number().int() })),
  databaseUrl: z.string(),
  webUrl: z.string(),
})
export type Served = z.infer<typeof Served>

/** A deployment that somebody else keeps up. */
export const deployed = (
  name: SideName,
  origin: string,
  sessionSecret: string,
  access: Access = openAccess,
): Side => ({
  name,
  what: origin,
  origin,
  sessionSecret,
  access,
  directory: undefined,
  databaseUrl: undefined,
  webUrl: undefined,
  cpuSeconds: async () => null,
  stop: async () => {},
})

/**
 * Starts a deployment by a command, in a shell.
 * @param origin where it answers once it is up
 * @throws GateInvalid when something answers there already, or it does not come up
 */
export async function started(
  guard: Guard,
  { name, command, origin, access, sessionSecret, logs }: CommandToServe,
): Promise<Side> {
  const isUp = async () => {
    const init = { redirect: 'manual', signal: AbortSignal.timeout(2_000) } as const
    await (await ask(origin, '/', init, access)).body?.cancel()
    return true
  }
  if (await isUp().catch(() => false))
    throw new GateInvalid(
      `${name}: ${origin} answers already, so it would not be the command that is measured`,
    )
  const part = launch(guard, {
    name,
    command: 'sh',
    args: ['-c', command],
    cwd: here(),
    logFile: join(logs, `${name}.log`),
    env: process.env as Record<string, string>,
  })
  // The command itself may hold what is nobody's to read.
  await upOrInvalid(part, name, origin, isUp)
  return {
    ...deployed(name, origin, sessionSecret, access),
    cpuSeconds: async () => {
      const used = (await usageOf([part.pid])).get(part.pid)
      return used ? { 'the command': used.cpuSeconds } : null
    },
    stop: () => part.stop(30_000),
  }
}

export type CommandToServe = {
  name: SideName
  command: string
  origin: string
  access: Access
  sessionSecret: string
  logs: string
}

async function upOrInvalid(
  part: Part,
  name: SideName,
  what: string,
  isUp: () => Promise<boolean>,
): Promise<void> {
  try {
    await untilReady(part, isUp, startPatience)
  } catch (error) {
    await part.stop()
    const [last = ''] = (await lastLines(part.logFile, 1)).split('\n')
    throw new GateInvalid(`${name} (${what}) did not start: ${last || (error as Error).message}`)
  }
}

/**
 * How far away an origin is, or the proxy before it: ms until a connection is made, the least of five.
 * @throws GateInvalid when none is
 */
export async function distanceTo({ name, origin }: Pick<Side, 'name' | 'origin'>): Promise<number> {
  const { hostname, port, protocol } = new URL(proxyFor(origin) || origin)
  const once = () =>
    new Promise<number>((resolve, reject) => {
      const began = performance.now()
      const host = hostname.replace(/^\[|\]$/g, '')
      const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.destroy()
        resolve(performance.now() - began)
      })
    })
  let least = Number.POSITIVE_INFINITY
  for (let time = 0; time < 5; time++)
    least = Math.min(
      least,
      await once().catch((error: Error) => {
        throw new GateInvalid(`${name} (${origin}) takes no connection: ${error.message}`)
      }),
    )
  return least
}

/** @throws GateInvalid when one is so much further away that the way would be compared, and not the app */
export function assertAlike(base: number, head: number): void {
  const [near, far] = [Math.min(base, head), Math.max(base, head)]
  if (far - near <= unlikeDistance.ms || far <= near * unlikeDistance.ratio) return
  throw new GateInvalid(
    `base is ${base.toFixed(1)} ms away and head ${head.toFixed(1)} ms: run the gate where both are as near`,
  )
}

/** Less than either is what one network does from one moment to the next. */
const unlikeDistance = { ms: 2, ratio: 1.5 }

/** The commit of a revision. @throws GateInvalid when there is none of that name */
export async function commitOf(revision: string, repository = project): Promise<string> {
  const { stdout, failed } = await execa(
    'git',
    ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`],
    {
      cwd: repository,
      reject: false,
    },
  )
  if (failed || stdout === '') throw new GateInvalid(await whyUnknown(revision, repository))
  return stdout.trim()
}

/** A clone without its history, or one that git will not read, does not know what the repository may well have. */
async function whyUnknown(revision: string, repository: string): Promise<string> {
  const { stdout, failed, stderr, shortMessage } = await execa(
    'git',
    ['rev-parse', '--is-shallow-repository'],
    { cwd: repository, reject: false },
  )
  if (failed) {
    const [first] = (stderr || (shortMessage ?? '')).split('\n')
    return `git cannot read ${repository}: ${first}`
  }
  return stdout.trim() === 'true'
    ? `${revision} is no revision of this clone, which is shallow: fetch its history with git fetch --unshallow, or in CI with fetch-depth: 0`
    : `${revision} is no revision of this repository`
}

/** @throws GateInvalid when something in the checkout is not committed: nobody could say what was measured */
export async function assertClean(repository = project): Promise<void> {
  const { stdout } = await execa('git', ['status', '--porcelain'], { cwd: repository })
  if (stdout.trim() === '') return
  const [first = ''] = stdout.trim().split('\n')
  throw new GateInvalid(
    `the checkout has changes that are in no commit (${first.trim()}): commit or stash them, so that head is a revision`,
  )
}

/**
 * The files of a commit in a directory of their own, with what they depend on, and with the secrets and the seeded
 * clusters of this checkout.
 */
export async function checkOut(
  guard: Guard,
  commit: string,
  say: (line: string) => void,
): Promise<{ directory: string; remove(): Promise<void> }> {
  const above = await mkdtemp(join(tmpdir(), 'headroom-gate-'))
  const held = guard.directory(above)
  // The user that runs PostgreSQL has to get there.
  await chmod(above, 0o711)
  const directory = join(above, 'base')
  const git = (...args: string[]) => execa('git', args, { cwd: project })
  // One that was left behind by a gate that was killed.
  await git('worktree', 'prune')
  await git('worktree', 'add', '--detach', directory, commit)
  say(`base: installing what ${commit.slice(0, 8)} depends on`)
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  const installed = await execa('npx', ['--yes', manifest.packageManager, 'install', '--frozen-lockfile'], {
    cwd: directory,
    reject: false,
    all: true,
  })
  if (installed.failed) {
    const [last] = (installed.all ?? '').trim().split('\n').slice(-1)
    throw new GateInvalid(`what ${commit.slice(0, 8)} depends on could not be installed: ${last}`)
  }
  await shareSecrets(directory)
  await shareClusters(directory)
  return {
    directory,
    remove: async () => {
      await rm(above, { recursive: true, force: true })
      await git('worktree', 'prune')
      held.release()
    },
  }
}

export type SideToServe = {
  name: SideName
  what: string
  directory: string
  logs: string
  /** Known-bad cases, as `--fault` names them. */
  faults?: readonly string[]
}

/**
 * Starts the Worklane of a checkout by that checkout's own harness.
 * @throws GateInvalid when it does not come up
 */
export async function serve(
  guard: Guard,
  { name, what, directory, logs, faults = [] }: SideToServe,
): Promise<Side> {
  const ready = join(logs, `${name}.json`)
  await rm(ready, { force: true })
  const part = launch(guard, {
    name: `worklane of ${name}`,
    command: join(directory, 'node_modules/.bin/node'),
    args: [
      'harness/cli/main.ts',
      'serve',
      '--ready',
      ready,
      ...faults.flatMap((fault) => ['--fault', fault]),
    ],
    cwd: directory,
    logFile: join(logs, `${name}.log`),
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  })
  await upOrInvalid(part, name, what, async () => (await readServed(ready)) !== null)
  const served = (await readServed(ready)) as Served
  return {
    name,
    what,
    origin: served.origin,
    sessionSecret: served.sessionSecret,
    access: openAccess,
    directory,
    databaseUrl: served.databaseUrl,
    webUrl: served.webUrl,
    cpuSeconds: () => cpuSecondsOf(served),
    // It has to stop its own parts first.
    stop: () => part.stop(30_000),
  }
}

/** Seconds: the first time Next is built, and the database seeded. */
const startPatience = 300

async function readServed(file: string): Promise<Served | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : Served.parse(JSON.parse(text))
}

async function cpuSecondsOf({ processes }: Served): Promise<Record<string, number> | null> {
  const usage = await usageOf(processes.map(({ pid }) => pid))
  const seconds: Record<string, number> = {}
  for (const { name, pid } of processes) {
    const used = usage.get(pid)
    if (!used) return null
    const kind = kindOf(name)
    seconds[kind] = (seconds[kind] ?? 0) + used.cpuSeconds
  }
  return seconds
}

/** What is compared by itself: a change of the API should not be lost among everything that Postgres does. */
function kindOf(name: string): string {
  return /^(web|api)(-\d+)?$/.exec(name)?.[1] ?? theRest
}
