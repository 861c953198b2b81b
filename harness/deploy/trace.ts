import { copyFile, glob, lstat, mkdir, readFile, readlink, symlink } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { nodeFileTrace } from '@vercel/nft'

/** From the root of the checkout, or of what deploy/Dockerfile copies of it. */
const root = join(import.meta.dirname, '../..')

/** What a process reads that no import leads to. */
const beside: Record<string, string[]> = {
  // The page of the queues, its template and its scripts.
  'app/api/main.ts': [
    'node_modules/.pnpm/@bull-board+api@*/node_modules/@bull-board/ui',
    'node_modules/.pnpm/@bull-board+ui@*/node_modules/@bull-board/ui/**',
  ],
  'app/data/migrate.ts': [
    'app/data/migrations/*.sql',
    'app/data/node_modules/dbmate',
    'node_modules/.pnpm/dbmate@*/node_modules/dbmate/**',
    'node_modules/.pnpm/dbmate@*/node_modules/@dbmate/*',
    'node_modules/.pnpm/@dbmate+*/node_modules/@dbmate/*/**',
  ],
}

/**
 * Copies what a process needs when it runs, and nothing else: each file that its imports lead to, of ours and of
 * packages, where it is. Next makes the web part's directory in the same way.
 * @param main the file that is started, from the root
 * @param directory must not be there yet
 */
export async function copyTraced(main: string, directory: string): Promise<void> {
  const files = new Set(await traced(main))
  for await (const file of glob(beside[main] ?? [], { cwd: root })) files.add(file)
  for (const file of [...files].sort()) {
    const [from, to] = [join(root, file), join(directory, file)]
    await mkdir(dirname(to), { recursive: true })
    const kind = await lstat(from)
    if (kind.isSymbolicLink()) await symlink(await readlink(from), to)
    else if (kind.isFile()) await copyFile(from, to)
  }
}

/** Paths of the files that a file's imports lead to, from the root; a link is there beside what it leads to. */
export async function traced(main: string): Promise<string[]> {
  const entries = new Set([join(root, main)])
  for (let known = 0; known < entries.size; ) {
    known = entries.size
    const { fileList } = await nodeFileTrace([...entries], {
      base: root,
      processCwd: root,
      readFile: withoutTypes,
    })
    const ours = [...fileList].filter((file) => file.startsWith('app/') && file.endsWith('.ts'))
    for (const file of ours) for (const started of await startedBy(join(root, file))) entries.add(started)
    if (entries.size === known) return [...fileList]
  }
  return []
}

/** The tracer reads JavaScript. */
async function withoutTypes(file: string): Promise<string | Buffer | null> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return null
    throw error
  })
  if (bytes === null || !file.endsWith('.ts') || file.endsWith('.d.ts')) return bytes
  return stripTypeScriptTypes(bytes.toString('utf8'))
}

/** Files that a file starts as processes of their own. */
async function startedBy(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  const started = text.matchAll(/\bfork\(\s*join\(import\.meta\.dirname, '([^']+)'\)/g)
  return [...started].map(([, name = '']) => join(dirname(file), name))
}

if (import.meta.main) {
  const [main, directory] = process.argv.slice(2)
  if (!main || !directory) throw new Error('node harness/deploy/trace.ts MAIN DIRECTORY')
  await copyTraced(main, directory)
}
