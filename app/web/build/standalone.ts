import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { writeInlineScripts } from '../security/inline-scripts.ts'

const web = join(import.meta.dirname, '..')

/**
 * Builds the web part, as a directory that runs by itself: `app/web/server.js` in it, and what browsers ask for in
 * `app/web/.next/static`.
 * @param directory must not be there yet
 * @throws Error with the last lines of `next build`
 */
export async function buildStandalone(directory: string): Promise<void> {
  const require = createRequire(import.meta.url)
  await promisify(execFile)(process.execPath, [require.resolve('next/dist/bin/next'), 'build'], {
    cwd: web,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
    maxBuffer: 64 * 1024 ** 2,
  }).catch(({ code, stdout, stderr }: { code: unknown; stdout: string; stderr: string }) => {
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n')
    throw new Error(`next build ended with ${code}:\n${said}`)
  })
  await cp(join(web, '.next/standalone'), directory, { recursive: true, verbatimSymlinks: true })
  await cp(join(web, '.next/static'), join(directory, 'app/web/.next/static'), { recursive: true })
  if (existsSync(join(web, 'public')))
    await cp(join(web, 'public'), join(directory, 'app/web/public'), { recursive: true })
  await pack(join(directory, 'app/web/.next/static'))
  const pages = await writeInlineScripts(join(directory, 'app/web/.next'))
  if (pages === 0) throw new Error('next build prerendered no page: their policies would be without hashes')
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

if (import.meta.main) {
  const [directory] = process.argv.slice(2)
  if (!directory) throw new Error('which directory? node app/web/build/standalone.ts DIRECTORY')
  await buildStandalone(directory)
}
