import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { project } from '../project.ts'
import { lock } from '../toolchain/lock.ts'

export type WebBuild = { server: string; directory: string; staticDirectory: string }

const sources = ['app/web', 'app/api', 'app/domain', 'app/data', 'pnpm-lock.yaml']

/**
 * Builds Worklane's web part, unless a build of the same sources is kept. A build never changes once it is
 * there, so that a run beside this one keeps its files.
 */
export async function buildWeb(say: (line: string) => void): Promise<WebBuild> {
  const builds = join(project, '.headroom/builds')
  await mkdir(builds, { recursive: true })
  const release = await lock(builds, join(builds, '.lock'))
  try {
    const directory = join(builds, await digestOf(sources))
    if (!existsSync(directory)) await build(builds, directory, say)
    return {
      directory,
      server: join(directory, 'app/web/server.js'),
      staticDirectory: join(directory, 'app/web/.next/static'),
    }
  } finally {
    await release()
  }
}

async function build(builds: string, directory: string, say: (line: string) => void): Promise<void> {
  const web = join(project, 'app/web')
  const started = performance.now()
  say('web: building …')
  // Next goes on from what it finds: what a build left that did not end is no beginning.
  const unfinished = join(builds, '.unfinished')
  if (existsSync(unfinished)) await rm(join(web, '.next'), { recursive: true, force: true })
  await writeFile(unfinished, '')
  const staging = await mkdtemp(join(builds, 'staging-'))
  const standalone = join(staging, 'build')
  const { exitCode, stderr } = await execa(process.execPath, [join(web, 'build/standalone.ts'), standalone], {
    reject: false,
  })
  if (exitCode !== 0) throw new Error(`the web part cannot be built:\n${stderr}`)
  await rename(standalone, directory)
  await rm(unfinished)
  await rm(staging, { recursive: true, force: true })
  say(`web: built in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

const left = /(^|\/)(node_modules|\.next|generated|testing|next-env\.d\.ts)(\/|$)|\.test\.tsx?$/

/** The digest of the files at and below the paths: the same sources give the same name. */
export async function digestOf(paths: string[], salt = ''): Promise<string> {
  const hash = createHash('sha256').update(salt)
  for (const path of paths) {
    for (const file of await filesBelow(join(project, path))) {
      hash.update(`${relative(project, file)}\0`).update(await readFile(file))
    }
  }
  return hash.digest('hex').slice(0, 20)
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  if (entries === null) return [path]
  const kept = entries.filter((entry) => !left.test(entry.name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const nested = await Promise.all(
    kept.map((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
    ),
  )
  return nested.flat()
}
