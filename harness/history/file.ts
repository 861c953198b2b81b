import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from '../cli/usage.ts'
import { Entry } from './entry.ts'

/** A history, line by line; nothing of a file that is not there. @throws UsageError with the line that is none */
export async function readHistory(file: string): Promise<Entry[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return []
    try {
      return [Entry.parse(JSON.parse(line))]
    } catch {
      throw new UsageError(
        `${file}:${at + 1} is no entry of a history`,
        'remove the line, or take the file as it was committed',
      )
    }
  })
}

/** Adds entries that are not there yet, in one write. @returns how many were new */
export async function addToHistory(file: string, entries: readonly Entry[]): Promise<number> {
  const known = new Set((await readHistory(file)).map((entry) => (entry.kind === 'run' ? entry.run : '')))
  const fresh = entries.filter((entry) => entry.kind !== 'run' || !known.has(entry.run))
  if (fresh.length === 0) return 0
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  return fresh.length
}
