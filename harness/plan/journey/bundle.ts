import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { type BuildFailure, build, type Message, type Plugin } from 'esbuild'
import { shownFromHere } from '../here.ts'
import { scratch } from '../scratch.ts'
import { UsageError } from '../usage.ts'

/**
 * A journey and all that it imports as one script, which Node and k6 read alike: k6 spins for ever when it meets JSON
 * that is imported, and takes some characters of a path for those of a URL. `open` is k6's, and goes by the journey's
 * own directory; beside JSON, texts (.csv, .txt) can be imported.
 * @returns the path of the script, with its source map beside it
 * @throws UsageError with the file and the line that are wrong
 */
export async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    plugins: [entryAt(file)],
    bundle: true,
    write: false,
    outdir: '/',
    logLevel: 'silent',
    format: 'cjs',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    sourcemap: 'external',
    sourcesContent: false,
    external: ['k6', 'k6/*', 'https://*'],
    loader: { '.csv': 'text', '.tsv': 'text', '.txt': 'text' },
    define: { open: '__open' },
    banner: { js: opening(dirname(file)) },
  }).catch((error: BuildFailure) => {
    throw refusal(file, error)
  })
  const text = outputFiles.find(({ path }) => path.endsWith('.js'))?.text ?? ''
  const map = outputFiles.find(({ path }) => path.endsWith('.map'))?.text ?? ''
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const name = basename(file, extname(file)).replaceAll(/[^A-Za-z0-9-]+/g, '-')
  const script = join(scratch(), `${name}-${hash}.js`)
  await writeFile(`${script}.map`, absolute(map))
  await writeFile(script, `${text}//# sourceMappingURL=${basename(script)}.map\n`)
  return script
}

/** Stands for the journey, whose path esbuild would take for a pattern where it holds a `*`. */
const entry = 'headroom-journey'
const entryAt = (file: string): Plugin => ({
  name: entry,
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^${entry}$`) }, ({ kind }) =>
      kind === 'entry-point' ? { path: file } : null,
    )
  },
})

/** k6 opens what is beside the script that it runs, which is not where the journey is. */
const opening = (directory: string): string =>
  `const __open = (path, mode) => { const at = /^(?:\\/|[a-z]+:)/i.test(path) ? path : ${JSON.stringify(`${directory}/`)} + path; return mode === undefined ? open(at) : open(at, mode) };`

/** esbuild names sources from where it would have written them. */
function absolute(map: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] }
  return JSON.stringify({ ...rest, sources: sources.map((source) => resolve('/', source)) })
}

function refusal(file: string, { errors, message }: BuildFailure): UsageError {
  const [first] = errors ?? []
  if (!first) return new UsageError(`${shownFromHere(file)} cannot be read: ${message}`, docs)
  return new UsageError(`${placeOf(file, first)}: ${reasonOf(first.text)}`, docs)
}

const docs = 'see docs/any-target.md'

const placeOf = (file: string, { location }: Message): string =>
  location
    ? `${shownFromHere(resolve(location.file))}:${location.line}:${location.column + 1}`
    : shownFromHere(file)

function reasonOf(text: string): string {
  if (/^Top-level await/.test(text)) return 'await outside of a function: k6 reads a journey without waiting'
  const [, missing] = /^Could not resolve "(.+?)"/.exec(text) ?? []
  if (missing === undefined) return text
  return /^node:|^[a-z_]+$/.test(missing)
    ? `imports ${missing}, which is not installed, or is Node's own and not in k6`
    : `imports ${missing}, which is not there`
}
