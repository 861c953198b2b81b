import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from '../project.ts'
import { buildWeb, digestOf } from '../stack/build.ts'
import { lock } from '../toolchain/lock.ts'
import { copyTraced } from './trace.ts'

const mains = { api: 'app/api/main.ts', worker: 'app/worker/main.ts', migrate: 'app/data/migrate.ts' }

/**
 * Makes what the stage `building` of deploy/Dockerfile has in /built, for some services; whoever needs none of it waits
 * for none.
 */
export async function makeBuilt(
  directory: string,
  wanted: Set<string>,
  say: (line: string) => void,
): Promise<void> {
  await mkdir(directory)
  for (const [name, main] of Object.entries(mains))
    if (wanted.has(name)) await symlink(await keptTrace(main, say), join(directory, name))
  if (wanted.has('web') || wanted.has('edge'))
    await symlink((await buildWeb(say)).directory, join(directory, 'web'))
}

/** What decides which files a process needs, and what is in them. */
const sources = [
  'app/api',
  'app/domain',
  'app/data',
  'app/worker',
  'harness/deploy/trace.ts',
  'pnpm-lock.yaml',
]

/** The files of a process, traced once for the same sources. */
async function keptTrace(main: string, say: (line: string) => void): Promise<string> {
  const builds = join(project, '.headroom/builds')
  await mkdir(builds, { recursive: true })
  const directory = join(builds, `traced-${await digestOf(sources, main)}`)
  const release = await lock(directory)
  try {
    if (existsSync(directory)) return directory
    say(`${main}: tracing what it needs …`)
    const staging = join(await mkdtemp(join(builds, 'staging-')), 'traced')
    await copyTraced(main, staging)
    await rename(staging, directory)
    return directory
  } finally {
    await release()
  }
}
