import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type pg from 'pg'
import { parse } from 'pg-connection-string'
import { z } from 'zod'
import type { ChannelBinding } from './channel-binding.ts'
import { assertPlain, parametersOf } from './connection-text.ts'
import { RefusedConnection } from './refused-connection.ts'

/** Where a database is, who signs in and how: what a connection string says, read once. */
export type PostgresAddress = {
  /** The variable that it came from, for refusals. */
  variable: string
  /** A name, an IP address without brackets, or the absolute directory of a Unix socket. */
  host: string
  port: number
  database: string
  user: string
  /** Without one pg looks into PGPASSWORD and ~/.pgpass, as libpq does. */
  password: string | undefined
  tls: Tls
  /** Settings that the session begins with, as `-c name=value`. */
  options: string | undefined
  applicationName: string | undefined
  /** 0 waits for ever. */
  connectSeconds: number | undefined
  poolSeconds: number | undefined
  /** Connections that a pool may have at most. */
  connectionLimit: number | undefined
}

/** As libpq has it (PostgreSQL documentation, "SSL Support"); files by absolute path. */
type Tls = {
  mode: TlsMode
  rootCertificate: string | undefined
  certificate: string | undefined
  key: string | undefined
  direct: boolean
  channelBinding: 'disable' | 'prefer' | 'require'
}
type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

const text = z.string().min(1, 'is empty')
const seconds = z.coerce.number('is no number of seconds').int().min(0).max(86_400)
const file = text.transform((path) => (path === 'system' ? path : resolve(path)))

/** Those of libpq, pg and Prisma that people have in their strings and that can be kept. */
const parameters = z.object({
  ...{
    user: text.optional(),
    password: z.string().optional(),
    dbname: text.optional(),
    host: text.optional(),
  },
  port: text.optional(),
  schema: z.literal('public', { error: 'must be public, where Worklane’s tables are' }).optional(),
  sslmode: z
    .enum(['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'], {
      error: 'must be disable, allow, prefer, require, no-verify, verify-ca or verify-full',
    })
    .optional(),
  ssl: z.enum(['true', '1', 'false', '0'], { error: 'must be true or false' }).optional(),
  ...{ sslrootcert: file.optional(), sslcert: file.optional(), sslkey: file.optional() },
  sslnegotiation: z.enum(['postgres', 'direct'], { error: 'must be postgres or direct' }).optional(),
  uselibpqcompat: z.enum(['true', 'false'], { error: 'must be true or false' }).optional(),
  channel_binding: z
    .enum(['disable', 'prefer', 'require'], { error: 'must be disable, prefer or require' })
    .optional(),
  gssencmode: z.enum(['disable', 'prefer'], { error: 'must be disable: it is not spoken here' }).optional(),
  target_session_attrs: z
    .enum(['any', 'read-write', 'primary'], { error: 'must be read-write: Worklane writes' })
    .optional(),
  ...{ application_name: z.string().optional(), fallback_application_name: z.string().optional() },
  ...{
    options: z.string().optional(),
    connect_timeout: seconds.optional(),
    pool_timeout: seconds.optional(),
  },
  connection_limit: z.coerce.number('is no number').int().min(1).max(1_000).optional(),
  pgbouncer: z
    .literal('false', {
      error:
        'cannot be true, since what is prepared on a connection must still be there at the next query: give the server’s own address, or that of a pool of sessions',
    })
    .optional(),
})

const form = {
  scheme: /^postgres(ql)?:\/\//i,
  example: 'postgres://user:password@host:port/database',
}

/**
 * Reads a connection string by the parser that pg itself uses; the query counts over the rest, as in libpq.
 * @throws RefusedConnection when it cannot be kept as its owner means it
 */
export function postgresAddress(variable: string, given: string): PostgresAddress {
  const refuse = (problem: string, fix: string) => new RefusedConnection(variable, problem, fix)
  const trimmed = given.trim()
  assertPlain(variable, trimmed, form)
  const query = readQuery(variable, trimmed)
  const authority = readAuthority(variable, trimmed.split('?')[0] ?? '')
  const host = query.host ?? authority.host
  if (!host)
    throw refuse(
      'names no host',
      'write it after the @, or the directory of a Unix socket as ?host=/var/run/postgresql',
    )
  if (host.includes(',')) throw refuse('names several hosts', 'name one: the primary, or a proxy before them')
  const user = query.user ?? authority.user
  if (!user) throw refuse('names no user', `write ${form.example}`)
  const port = Number((query.port ?? authority.port) || 5432)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw refuse('has a port that is none', 'write a number from 1 to 65535')
  return {
    ...{ variable, host, port, user, password: query.password ?? authority.password },
    // As libpq does; said here, since a role's own name is no database.
    database: query.dbname ?? authority.database ?? user,
    tls: host.startsWith('/') ? withoutTls : tlsOf(variable, query),
    options: query.options || undefined,
    applicationName: query.application_name || query.fallback_application_name || undefined,
    connectSeconds: query.connect_timeout,
    poolSeconds: query.pool_timeout,
    connectionLimit: query.connection_limit,
  }
}

type Query = z.infer<typeof parameters>

function readQuery(variable: string, text: string): Query {
  const given = parametersOf(variable, text, Object.keys(parameters.shape))
  const { data, error } = parameters.safeParse(given)
  if (data) return data
  // The messages of zod and ours hold no input.
  const { path = [], message = '' } = error.issues[0] ?? {}
  throw new RefusedConnection(variable, `has a ${path.join('.')} that ${readable(message)}`, 'correct it')
}

const readable = (message: string) => (/^[a-z]/.test(message) ? message : `is not as expected (${message})`)

type Authority = {
  host: string
  port: string
  user: string
  password: string | undefined
  database: string | null
}

function readAuthority(variable: string, text: string): Authority {
  try {
    const { host, port, user, password, database } = parse(text)
    return {
      ...{ host: host ?? '', port: port ?? '', user: user ?? '', password: password || undefined },
      // The parser leaves what `decodeURI` leaves, such as %23.
      database: database ? decodeURIComponent(database) : null,
    }
  } catch {
    throw new RefusedConnection(
      variable,
      'cannot be read as a URL',
      `write ${form.example}, with : as %3A, / as %2F, ? as %3F, # as %23, @ as %40 and % as %25 in user and password`,
    )
  }
}

const withoutTls: Tls = {
  mode: 'disable',
  rootCertificate: undefined,
  certificate: undefined,
  key: undefined,
  direct: false,
  channelBinding: 'disable',
}

function tlsOf(variable: string, query: Query): Tls {
  const refuse = (problem: string, fix: string) => new RefusedConnection(variable, problem, fix)
  const { sslrootcert, sslcert: certificate, sslkey: key } = query
  const isSystem = sslrootcert === 'system'
  const rootCertificate = isSystem ? undefined : sslrootcert
  const mode = modeOf(query)
  if (mode === 'disable' && (sslrootcert ?? certificate ?? key) !== undefined) {
    if (query.sslmode === 'disable' || query.ssl !== undefined) return withoutTls
    throw refuse('names certificates and no sslmode', 'add sslmode=verify-full')
  }
  if (mode === 'disable' && query.sslnegotiation === 'direct')
    throw refuse('has sslnegotiation=direct without TLS', 'add sslmode=require')
  if (mode === 'verify-ca' && rootCertificate === undefined)
    throw refuse(
      'has sslmode=verify-ca without sslrootcert, so any server with a certificate would do',
      'name the authority’s file in sslrootcert, or write sslmode=verify-full',
    )
  if (isSystem && mode !== 'verify-full')
    throw refuse(`has sslrootcert=system with sslmode=${mode}`, 'write sslmode=verify-full')
  if (query.channel_binding === 'require' && mode === 'disable')
    throw refuse('has channel_binding=require without TLS', 'add sslmode=require')
  const files = { sslrootcert: rootCertificate, sslcert: certificate, sslkey: key }
  for (const [name, path] of Object.entries(files)) if (path !== undefined) contentOf(variable, name, path)
  return {
    ...{ mode, rootCertificate, certificate, key },
    direct: query.sslnegotiation === 'direct',
    channelBinding: query.channel_binding ?? 'disable',
  }
}

/** `ssl` is pg's own word, `no-verify` too; without either nothing is encrypted, as pg has it. */
function modeOf({ sslmode, ssl, sslrootcert }: Query): TlsMode {
  if (sslmode === 'no-verify') return 'require'
  // With an authority to go by, libpq checks the server against it.
  if (sslmode === 'require') return sslrootcert && sslrootcert !== 'system' ? 'verify-ca' : 'require'
  if (sslmode !== undefined) return sslmode
  if (sslrootcert === 'system') return 'verify-full'
  return ssl === 'true' || ssl === '1' ? 'verify-full' : 'disable'
}

function contentOf(variable: string, name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw new RefusedConnection(
      variable,
      `names a file in ${name} that cannot be read (${code})`,
      'correct it',
    )
  }
}

/**
 * What pg takes in place of the string.
 * @throws RefusedConnection where it is left to chance whether the connection is encrypted
 */
export function clientConfig(address: PostgresAddress): pg.ClientConfig & ChannelBinding {
  const { host, port, database, user, password, options, applicationName, connectSeconds, tls } = address
  return {
    ...{ host, port, database, user },
    ...(password === undefined ? {} : { password }),
    ssl: sslOf(address),
    ...(tls.direct && tls.mode !== 'disable' ? { sslnegotiation: 'direct' as const } : {}),
    enableChannelBinding: tls.channelBinding !== 'disable' && tls.mode !== 'disable',
    requireChannelBinding: tls.channelBinding === 'require',
    ...(options === undefined ? {} : { options }),
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
    ...(connectSeconds === undefined ? {} : { connectionTimeoutMillis: connectSeconds * 1_000 }),
  }
}

function sslOf({ variable, tls }: PostgresAddress): false | ConnectionOptions {
  const { mode, rootCertificate, certificate, key } = tls
  if (mode === 'disable') return false
  if (mode === 'allow' || mode === 'prefer')
    throw new RefusedConnection(
      variable,
      `has sslmode=${mode}, which leaves to the server whether anything is encrypted`,
      'write sslmode=require or sslmode=disable',
    )
  return {
    ...(rootCertificate ? { ca: contentOf(variable, 'sslrootcert', rootCertificate) } : {}),
    ...(certificate ? { cert: contentOf(variable, 'sslcert', certificate) } : {}),
    ...(key ? { key: contentOf(variable, 'sslkey', key) } : {}),
    ...(mode === 'require' ? { rejectUnauthorized: false } : {}),
    // By whichever name the server goes, as libpq's verify-ca.
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  }
}

/** The address as one string that every client reads alike: for the environment of processes. */
export function postgresUrl(address: PostgresAddress): string {
  const { host, port, database, user, password, tls } = address
  const isSocket = host.startsWith('/')
  const query = new URLSearchParams()
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) query.set(name, String(value))
  }
  if (isSocket) add('host', host)
  if (tls.mode !== 'disable') {
    add('sslmode', tls.mode)
    // pg would take `require` for `verify-full` without it.
    add('uselibpqcompat', 'true')
    add('sslrootcert', tls.rootCertificate)
    add('sslcert', tls.certificate)
    add('sslkey', tls.key)
    if (tls.direct) add('sslnegotiation', 'direct')
    if (tls.channelBinding !== 'disable') add('channel_binding', tls.channelBinding)
  }
  add('options', address.options)
  add('application_name', address.applicationName)
  add('connect_timeout', address.connectSeconds)
  add('pool_timeout', address.poolSeconds)
  add('connection_limit', address.connectionLimit)
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const at = isSocket ? 'localhost' : host.includes(':') ? `[${host}]` : encodeURIComponent(host)
  // Parsers differ in whether a + is a space.
  const rest = query.size === 0 ? '' : `?${query.toString().replaceAll('+', '%20')}`
  return `postgres://${encodeURIComponent(user)}${secret}@${at}:${port}/${encodeURIComponent(database)}${rest}`
}

/** What to give `new pg.Client` for a string that was checked before, such as those of a stack. */
export const clientConfigOf = (variable: string, text: string) =>
  clientConfig(postgresAddress(variable, text))
