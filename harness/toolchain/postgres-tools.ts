import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findTool } from './find.ts'
import { pythonPackage } from './python.ts'
import type { Tool } from './tools.ts'

/** A server is dumped by programs of its own version or a newer one; npm's PostgreSQL brings the server alone. */
const pgDump: Tool = {
  name: 'pg_dump',
  for: 'backups',
  programs: ['pg_dump'],
  version: { args: ['--version'], pattern: /\(PostgreSQL\) (\d+\.\d+)/ },
  minimum: '18.0',
  ways: [],
}

const ofPython = { name: 'embedded-postgres', version: '18.6.3' }

/**
 * The directory of pg_dump, pg_restore, psql and pg_isready: this machine's own where they are new enough, or those of
 * a package of PyPI.
 * @throws UsageError with the command to run by hand when they cannot be installed
 */
export async function postgresTools(): Promise<string> {
  const own = await findTool(pgDump)
  if (own) return dirname(own.path)
  const python = await pythonPackage(ofPython)
  const library = join(dirname(python), '../lib')
  const [version = ''] = (await readdir(library)).filter((name) => name.startsWith('python'))
  return join(library, version, 'site-packages/embedded_postgres/pginstall/bin')
}
