/**
 * A connection string that cannot be used, or that would let its process do more than it may. Its text never holds any
 * part of the string: whatever was mistyped, a piece of it may be the password.
 */
export class RefusedConnection extends Error {
  override name = 'RefusedConnection'
  /** The variable that holds the string. */
  readonly variable: string
  readonly problem: string
  readonly fix: string
  constructor(variable: string, problem: string, fix: string) {
    super(`${variable} ${problem} — ${fix}`.replaceAll(/\s*\n\s*/g, ' '))
    this.variable = variable
    this.problem = problem
    this.fix = fix
  }
}

type Reason = readonly [problem: string, fix: string]

const certificate = (what: string): Reason => [
  `leads to a server whose certificate ${what}`,
  'name its authority (sslrootcert=/its/certificate.pem for Postgres, NODE_EXTRA_CA_CERTS for Redis)',
]

/** By the code of the system, of OpenSSL, of Postgres (appendix A of its documentation) or of Redis. */
const reasons: Record<string, Reason> = {
  ENOTFOUND: ['names a host that is not known', 'correct the host'],
  EAI_AGAIN: ['names a host that could not be looked up', 'correct the host, or try again'],
  ECONNREFUSED: ['names a host and a port where nothing listens', 'correct them, or start the server'],
  ECONNRESET: ['leads to a server that closes the connection', 'correct the port and whether it speaks TLS'],
  EHOSTUNREACH: ['names a host that cannot be reached', 'correct the host'],
  ENETUNREACH: ['names a host that cannot be reached', 'correct the host'],
  EADDRNOTAVAIL: ['names a host that cannot be reached', 'correct the host'],
  EINVAL: ['names a host that cannot be reached', 'correct the host'],
  ETIMEDOUT: [
    'names a host that does not answer in time',
    'correct the host, the port, and whether it speaks TLS',
  ],
  ENOENT: ['names a socket that is not there', 'correct the directory of the socket, and the port'],
  EACCES: ['names a socket that this user may not use', 'run as a user who may, or connect over TCP'],
  ENOTSOCK: ['names a socket that is none', 'correct the path of the socket'],
  '28P01': ['has a wrong user or a wrong password', 'correct them'],
  '28000': [
    'has a user whom the server does not let in from here',
    'correct the user, try sslmode=require, or add a line for it to the server’s pg_hba.conf',
  ],
  '3D000': ['names a database that is not there', 'correct its name, or create it'],
  '42501': ['has a user who may not connect to its database', 'grant them CONNECT on it'],
  '53300': ['leads to a server that has no connection left', 'close some, or raise its max_connections'],
  '57P03': ['leads to a server that is still starting', 'try again'],
  NO_TLS: [
    'asks for TLS, which the server does not speak',
    'write sslmode=disable, or enable TLS in the server',
  ],
  NO_BINDING: [
    'asks for channel binding, which the server does not offer this user',
    'write channel_binding=prefer, or let the server ask for scram-sha-256 over TLS',
  ],
  WRONG_ZONE: [
    'leads to a pooler or a server that works in another zone than UTC',
    'let the pooler pass TimeZone and DateStyle on, or alter the role with "set timezone = UTC"',
  ],
  NO_PASSWORD: ['has no password, and the server wants one', 'add it after the user: user:password@host'],
  NO_ANSWER: [
    'leads to something that answers in another language',
    'correct the port and whether it speaks TLS',
  ],
  WRONGPASS: ['has a wrong user or a wrong password', 'correct them'],
  NOAUTH: [
    'has no password, and the server wants one',
    'add it: redis://:password@host or redis://user:password@host',
  ],
  NOPERM: [
    'has a user who may not do what Worklane needs',
    'allow it all commands and all keys (ACL SETUSER)',
  ],
  DB_INDEX: ['names a database number that the server does not have', 'write a smaller number, or none'],
  LOADING: ['leads to a server that is still loading', 'try again'],
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate('signs itself'),
  SELF_SIGNED_CERT_IN_CHAIN: certificate('is of an authority that is not known'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate('is of an authority that is not known'),
  UNABLE_TO_GET_ISSUER_CERT: certificate('is of an authority that is not known'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate('is of an authority that is not known'),
  CERT_HAS_EXPIRED: certificate('has expired'),
  CERT_SIGNATURE_FAILURE: certificate('is of another authority than the one named'),
  ERR_TLS_CERT_ALTNAME_INVALID: certificate('is of another host'),
  ERR_SSL_WRONG_VERSION_NUMBER: [
    'asks for TLS, which the server does not speak',
    'leave TLS out, or correct the port',
  ],
}

/** Where libraries tell apart by their texts only. */
const texts: [RegExp, string][] = [
  [/does not support SSL/, 'NO_TLS'],
  [/password must be a (non-empty )?string/, 'NO_PASSWORD'],
  [/timeout|timed out|^no answer within/i, 'ETIMEDOUT'],
  [/^(WRONGPASS|NOAUTH|NOPERM|LOADING)\b/, '$1'],
  [/^(BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/, 'LOADING'],
  [/invalid password/, 'WRONGPASS'],
  [/DB index is out of range|invalid DB index/, 'DB_INDEX'],
  [/Protocol error|error establishing an SSL|Connection terminated|Connection is closed/, 'NO_ANSWER'],
]

/** Codes of what a server that starts, restarts or is moved answers: no fault of the string. */
const passing = [
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  ...['EPIPE', 'ENOENT', '53300', '57P01', '57P02', '57P03', 'LOADING', 'NO_ANSWER'],
]

/** False of what stays wrong until somebody corrects it, such as a password, and of what nobody foresaw. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof RefusedConnection) && passing.includes(codeOf(error))

/** Codes of the system, and Prisma's, for a connection that never came to stand. */
const unreached = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'P1001']

/** Whether the server was never reached, so that nothing of what it was asked has happened. */
export const neverConnected = (error: unknown): boolean => unreached.includes(codeOf(error))

/** What stands against a connection: a code of `reasons`, another one, or ''. */
export function codeOf(error: unknown): string {
  // An address that refuses by each of its families is an AggregateError with an empty message of its own.
  const cause = error instanceof AggregateError ? error.errors[0] : error
  const { code, message = '' } = (cause ?? {}) as { code?: unknown; message?: string }
  if (typeof code === 'string' && code in reasons) return code
  for (const [pattern, named] of texts) {
    const found = pattern.exec(message)
    if (found) return named.replace('$1', found[1] ?? '')
  }
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : ''
}

/** The refusal of a connection that failed, in words of ours: those of libraries and servers repeat what they were given. */
export function refusedBecause(variable: string, error: unknown, whatElse = ''): RefusedConnection {
  if (error instanceof RefusedConnection) return error
  const code = codeOf(error)
  const [problem, fix] = reasons[code] ?? [`cannot be used${code ? ` (${code})` : ''}`, 'correct it']
  return new RefusedConnection(variable, problem, whatElse ? `${fix}; or ${whatElse}` : fix)
}
