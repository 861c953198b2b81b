import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { databaseUrls } from '@worklane/data/prepare.ts'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { interpolated } from './interpolation.ts'

export const exampleFile = join(project, 'deploy/env.example')

export type EnvironmentChoices = {
  origin?: string
  port?: number
  /** The administrator's connection to a Postgres of one's own. */
  databaseUrl?: string
}

/**
 * Writes what deploy/compose.yaml needs, with new secrets, readable by its owner alone.
 * @throws UsageError where there is a file already: its secrets may be in use
 */
export async function writeEnvironmentFile(file: string, choices: EnvironmentChoices): Promise<void> {
  const text = environmentText(await readFile(exampleFile, 'utf8'), choices)
  await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'EEXIST')
      throw new UsageError(
        `${file} is there already, and its secrets may be in use`,
        'keep it, or move it away first; docs/deploy.md says how a single secret is changed',
      )
    throw new UsageError(`${file} cannot be written (${code})`, 'give a file in a directory of yours')
  })
}

const secrets = [
  'POSTGRES_PASSWORD',
  'WORKLANE_DATABASE_PASSWORD',
  'DATABASE_ROLES_SECRET',
  'REDIS_PASSWORD',
  'AUTH_SECRET',
  'ENCRYPTION_KEYS',
  'S3_SECRET_ACCESS_KEY',
  'GRAFANA_PASSWORD',
]

/** The example with its gaps filled: every line stays where it is, with what it says of itself. */
export function environmentText(example: string, choices: EnvironmentChoices): string {
  const values: Record<string, string> = Object.fromEntries(
    secrets.map((name) => [name, randomBytes(32).toString('base64url')]),
  )
  if (choices.origin !== undefined) values.ORIGIN = choices.origin
  if (choices.port !== undefined) values.PORT = String(choices.port)
  // Compose would take a dollar for the beginning of a variable; in an address this stands for it.
  if (choices.databaseUrl !== undefined) values.DATABASE_URL = choices.databaseUrl.replaceAll('$', '%24')
  const known = { ...environmentIn(example), ...values }
  const written = (name: string) => interpolated(known[name] ?? '', known)
  const database = postgresAddress('DATABASE_URL', written('DATABASE_URL'))
  const urls = databaseUrls(database, values.DATABASE_ROLES_SECRET ?? '')
  for (const [kind, url] of Object.entries(urls)) values[`${kind.toUpperCase()}_DATABASE_URL`] = url
  return example.replaceAll(/^([A-Z0-9_]+)=(.*)$/gm, (line, name: string, value: string) => {
    const given = interpolated(values[name] ?? value, { ...known, ...values })
    if (given === '') throw new Error(`nobody knows a value for ${line} of the example`)
    return `${name}=${given}`
  })
}

/** Lines NAME=value, as Compose reads a .env file that quotes nothing. */
export const environmentIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
