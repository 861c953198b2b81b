import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type PopulationSpec, populationId } from '@headroom/fixtures/population.ts'
import { seedDatabase } from '@headroom/seed/seed.ts'
import { prepareDatabase } from '@worklane/data/prepare.ts'
import { project } from '../project.ts'
import { lock } from '../toolchain/lock.ts'
import { digestOf } from './build.ts'
import type { Guard } from './guard.ts'
import { rolesSecret } from './own-servers.ts'
import { takePortBlock } from './ports.ts'
import { clusterHome, initCluster, startPostgres, temporaryBelow } from './postgres.ts'

/** What decides the content of a cluster besides the population asked for. */
const sources = [
  'app/data/migrations',
  'app/data/prepare.ts',
  'app/data/roles.ts',
  'seed',
  'fixtures',
  'pnpm-lock.yaml',
]

const kept = 4

/**
 * A stopped cluster with the schema and, when asked, a population: made once and kept, to be cloned by every
 * run. Half-made ones never carry its name.
 */
export async function keptCluster(
  guard: Guard,
  options: { population: PopulationSpec | null; sessionSecret: string; say: (line: string) => void },
): Promise<string> {
  const { population, say } = options
  const clusters = await clustersOf(project)
  await mkdir(clusters, { recursive: true })
  const salt = `${population ? populationId(population) : 'empty'} ${options.sessionSecret}`
  const directory = join(clusters, await digestOf(sources, salt))
  const release = await lock(clusters, join(clusters, '.lock'))
  try {
    if (existsSync(directory)) {
      await utimes(directory, new Date(), new Date())
      return directory
    }
    await discardOld(clusters)
    const staging = await temporaryBelow(clusters, 'staging-')
    const held = guard.directory(staging)
    const cluster = join(staging, 'cluster')
    await initCluster(cluster)
    const ports = await takePortBlock()
    const server = await startPostgres(guard, {
      directory: cluster,
      port: await ports.next(),
      logFile: join(staging, 'postgres.log'),
      durable: false,
    })
    try {
      await prepareDatabase(server.adminUrl, await rolesSecret())
      if (population) {
        await seedDatabase(server.adminUrl, population, {
          sessionSecret: options.sessionSecret,
          onProgress: say,
        })
      }
    } finally {
      await server.part.stop(60_000)
      ports.release()
    }
    await rename(cluster, directory)
    await rm(staging, { recursive: true, force: true })
    held.release()
    return directory
  } finally {
    await release()
  }
}

const clustersOf = async (checkout: string) => join(await clusterHome(checkout), 'clusters')

/**
 * Lets another checkout, which has none yet, clone the clusters of this one, where both would seed the same with the
 * same secrets: two that were seeded alike are not stored alike, nor has the planner sampled the same rows of them.
 */
export async function shareClusters(checkout: string): Promise<void> {
  const [ours, theirs] = [await clustersOf(project), await clustersOf(checkout)]
  // Where the user that runs PostgreSQL cannot get there, they are where those of others are.
  if (!theirs.startsWith(join(checkout, '/'))) return
  await mkdir(ours, { recursive: true })
  await symlink(ours, theirs)
}

/** Keeps the clusters used last; a big population takes room. */
async function discardOld(clusters: string): Promise<void> {
  const names = (await readdir(clusters)).filter(
    (name) => !name.startsWith('.') && !name.startsWith('staging-'),
  )
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(clusters, name))).mtimeMs })),
  )
  dated.sort((a, b) => b.at - a.at)
  await Promise.all(
    dated.slice(kept - 1).map(({ name }) => rm(join(clusters, name), { recursive: true, force: true })),
  )
}
