import { join } from 'node:path'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { execa } from 'execa'
import { project } from '../project.ts'
import type { Guard } from '../stack/guard.ts'
import type { Part } from '../stack/part.ts'
import { clusterHome, initCluster, startPostgres, temporaryBelow } from '../stack/postgres.ts'
import type { ComposeService } from './compose.ts'

/**
 * The service `postgres` of the compose file: an empty cluster of this machine's PostgreSQL, and in it what the
 * service's own script makes as its image does, by psql.
 */
export async function startAdministeredPostgres(
  guard: Guard,
  options: { service: ComposeService; address: string; logFile: string; programs: string },
): Promise<Part> {
  const { service, address, logFile, programs } = options
  const directory = await temporaryBelow(await clusterHome(project), 'running-')
  guard.directory(directory)
  const cluster = join(directory, 'cluster')
  await initCluster(cluster)
  const settings = settingsOf(service.command ?? [])
  const { part, adminUrl } = await startPostgres(guard, {
    directory: cluster,
    port: 5432,
    host: address,
    logFile,
    durable: true,
    settings,
  })
  const { host = '', user, password = '' } = postgresAddress('DATABASE_URL', adminUrl)
  for (const { source } of service.files)
    await execa('/bin/sh', [source], {
      extendEnv: false,
      env: {
        PATH: `${programs}:${process.env.PATH}`,
        PGHOST: host,
        PGUSER: user,
        PGPASSWORD: password,
        ...service.environment,
      },
    })
  return part
}

/** `-c name=value` of its command line. */
const settingsOf = (command: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    command.flatMap((word, index) => {
      if (command[index - 1] !== '-c') return []
      const [name = '', value = ''] = word.split('=')
      return [[name, value] as const]
    }),
  )
