import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory of this process, for files that a program wants which it starts; it goes when the process ends. */
export function scratch(): string {
  directory ??= make()
  return directory
}
let directory: string | undefined

function make(): string {
  const made = mkdtempSync(join(tmpdir(), 'headroom-scratch-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  return made
}
