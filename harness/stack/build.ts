import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { execa } from 'execa'
import { lock } from '../toolchain/lock.ts'
import { project } from './project.ts'

export type WebBuild = { server: string; directory: string; staticDirectory: string }

/** How it is packed as well: a build of another making is another build. */
const sources = ['app/web', 'app/api', 'app/domain', 'app/data', 'pnpm-lock.yaml', 'harness/stack/build.ts']

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
  const { exitCode, all } = await execa('next', ['build'], {
    cwd: web,
    preferLocal: true,
    localDir: web,
    reject: false,
    all: true,
    env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  })
  if (exitCode !== 0)
    throw new Error(`next build ended with ${exitCode}:\n${all.split('\n').slice(-40).join('\n')}`)
  const staging = await mkdtemp(join(builds, 'staging-'))
  const standalone = join(staging, 'build')
  await cp(join(web, '.next/standalone'), standalone, { recursive: true, verbatimSymlinks: true })
  await cp(join(web, '.next/static'), join(standalone, 'app/web/.next/static'), { recursive: true })
  if (existsSync(join(web, 'public'))) {
    await cp(join(web, 'public'), join(standalone, 'app/web/public'), { recursive: true })
  }
  await pack(join(standalone, 'app/web/.next/static'))
  await execa(process.execPath, [
    join(web, 'security/write-inline-scripts.ts'),
    join(standalone, 'app/web/.next'),
  ])
  await rename(standalone, directory)
  await rm(unfinished)
  await rm(staging, { recursive: true, force: true })
  say(`web: built in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

/**
 * V8 compiles a script's functions twice, and the second time while the page waits, unless it is told that they are
 * wanted at once: then it does all of it beside the page (docs/decisions/024).
 */
const compileHint = '//# allFunctionsCalledOnLoad\n'

/** A .gz and a .br beside every text file, at the highest level: done once here instead of at every request. */
async function pack(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const texts = entries.filter((entry) => entry.isFile() && /\.(js|css|json|svg|txt|map)$/.test(entry.name))
  for (const { parentPath, name } of texts) {
    const file = join(parentPath, name)
    const found = await readFile(file, 'utf8')
    const text = name.endsWith('.js') ? compileHint + found : found
    if (text !== found) await writeFile(file, text)
    await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: constants.Z_BEST_COMPRESSION }))
    await writeFile(`${file}.br`, await promisify(brotliCompress)(text))
  }
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
