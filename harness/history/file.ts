import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from '../plan/usage.ts'
import { lock } from '../toolchain/lock.ts'
import { makeDirectory } from '../toolchain/make-directory.ts'
import { Entry } from './entry.ts'

/**
 * A history, line by line, each run once: two branches that were merged may both have added it. Nothing of a file that
 * is not there.
 * @throws UsageError when the file cannot be read, or with the line that is none
 */
export async function readHistory(file: string): Promise<Entry[]> {
  return entriesIn(file, await textOf(file))
}

/**
 * Adds entries that are not there yet, in one write; who adds at the same time waits.
 * @returns how many were new
 * @throws UsageError when the file cannot be read or written, or has a line that is none, or an entry could not be
 * read again
 */
export async function addToHistory(file: string, entries: readonly Entry[]): Promise<number> {
  for (const entry of entries) assertReadable(file, entry)
  const release = await makeDirectory(dirname(file))
    .then(() => lock(file))
    .catch((error: NodeJS.ErrnoException) => {
      throw unusable(file, 'written', error)
    })
  try {
    const text = await textOf(file)
    const before = entriesIn(file, text)
    const fresh = eachOnce([...before, ...entries]).slice(before.length)
    // A file that an editor or a merge left without its last line break would have two entries in one line.
    const start = text === '' || text.endsWith('\n') ? '' : '\n'
    if (fresh.length > 0)
      await append(file, start + fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    return fresh.length
  } finally {
    await release()
  }
}

/** What is written must be what a reader takes: one wrong line makes the whole file unreadable. */
function assertReadable(file: string, entry: Entry): void {
  const parsed = Entry.safeParse(entry)
  if (parsed.success) return
  const [issue] = parsed.error.issues
  throw new UsageError(
    `nothing was added to ${file}: ${issue?.path.join('.') || 'the entry'}: ${issue?.message ?? 'is wrong'}`,
    'put it right where it comes from',
  )
}

/** Whole or not at all: half a line would make the file unreadable. */
async function append(file: string, text: string): Promise<void> {
  const before = await stat(file).catch(() => null)
  await writeFile(file, text, { flag: 'a' }).catch(async (error: NodeJS.ErrnoException) => {
    if (before?.isFile()) await truncate(file, before.size)
    throw unusable(file, 'written', error)
  })
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw unusable(file, 'read', error)
  })

const unusable = (file: string, how: 'read' | 'written', { code, message }: NodeJS.ErrnoException) =>
  new UsageError(`${file} cannot be ${how} (${code ?? message})`, 'give the file of a history with --file')

const entriesIn = (file: string, text: string): Entry[] =>
  eachOnce(
    text.split('\n').flatMap((line, at) => {
      if (line.trim() === '') return []
      try {
        return [Entry.parse(JSON.parse(line))]
      } catch {
        throw new UsageError(
          `${file}:${at + 1} is no entry of a history`,
          'remove the line, or take the file as it was committed',
        )
      }
    }),
  )

/** The first of each run, and all that is no run. */
function eachOnce(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>()
  return entries.filter((entry) => entry.kind !== 'run' || (!seen.has(entry.run) && seen.add(entry.run)))
}
