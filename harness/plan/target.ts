import type { Access } from './target/access.ts'
import { ask } from './target/ask.ts'
import { proxyFor } from './target/proxy.ts'
import { UsageError, withoutUserInfo } from './usage.ts'

/** Where load goes, and how one gets in. */
export type Target = {
  /** With its base path, if it has one, without a slash at the end and without user info: it may be shown. */
  origin: string
  access: Access
}

/**
 * @param option that gave it
 * @param insecure whether certificates are not checked
 * @throws UsageError unless the address is one below which paths can be asked
 */
export function targetOf(address: string, option = '--target', insecure = false): Target {
  const url = URL.canParse(address) ? new URL(address) : null
  const shown = withoutUserInfo(address)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${option} ${shown} is no URL`, 'give an origin such as https://staging.example.com')
  }
  if (/[?#]/.test(address))
    throw new UsageError(
      `${option} ${shown} has a query or a fragment, and paths are asked below a target`,
      'leave it out: an origin, and a base path if there is one',
    )
  return {
    origin: url.origin + url.pathname.replace(/\/+$/, ''),
    access: { authorization: basicOf(url, option), insecure },
  }
}

/** @throws UsageError where there is user info, which would be written for others to read, or a wrong address */
export function originOf(address: string, option = '--target'): string {
  const { origin, access } = targetOf(address, option)
  if (access.authorization !== '')
    throw new UsageError(
      `${option} ${withoutUserInfo(address)} holds user info, which would be written for all to read`,
      'let the target know its testers by their address, or test it from here',
    )
  return origin
}

/** RFC 7617, in UTF-8. @throws UsageError unless it can be decoded */
function basicOf({ username, password }: URL, option: string): string {
  if (username === '' && password === '') return ''
  try {
    const [user, word] = [decodeURIComponent(username), decodeURIComponent(password)]
    if (!user.includes(':')) return `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`
  } catch {
    // Told below.
  }
  throw new UsageError(
    `the user info of ${option} cannot be sent as Basic authentication`,
    'write % as %25; the user may not hold a colon',
  )
}

/** @throws UsageError unless it is in the environment */
export function sessionSecretOf(reason: string): string {
  const { HEADROOM_SESSION_SECRET: secret } = process.env
  if (!secret)
    throw new UsageError(
      `HEADROOM_SESSION_SECRET is not set, and ${reason} needs sessions of its users`,
      'set it to the SEED_SESSION_SECRET that the target was seeded with',
    )
  return secret
}

/**
 * Of what an option names.
 * @param hasSecret whether a session can only be made with the secret
 * @throws UsageError where it is needed and not in the environment
 */
export const sessionSecretFor = (hasSecret: boolean, option: string): string =>
  hasSecret ? sessionSecretOf(option) : (process.env.HEADROOM_SESSION_SECRET ?? '')

/**
 * @param hasSecret whether a session can only be made with the secret
 * @param option that gave the address
 * @throws UsageError unless the address is one and answers
 */
export async function reachable(
  address: string,
  hasSecret: boolean,
  option = '--target',
  insecure = false,
): Promise<Target & { sessionSecret: string }> {
  const target = targetOf(address, option, insecure)
  const { origin, access } = target
  const sessionSecret = sessionSecretFor(hasSecret, option)
  const init = { redirect: 'manual', signal: AbortSignal.timeout(10_000) } as const
  const answer = await ask(origin, '/', init, access).catch((error: unknown) => {
    if (error instanceof UsageError) throw error
    const { reason, fix } = whyNot(error)
    throw new UsageError(`${option} ${origin} does not answer${throughOf(origin)} (${reason})`, fix)
  })
  await answer.body?.cancel()
  return { ...target, sessionSecret }
}

/**
 * A browser has authorities and a proxy of its own, and the addresses in pages know no base path of ours.
 * @throws UsageError unless Chromium gets in by the address alone
 */
export function assertForBrowser({ origin, access }: Target, option: string): void {
  const refuse = (what: string) =>
    new UsageError(
      `${option} ${what}, which pages in a real browser cannot be opened with`,
      'give an origin whose certificate the system trusts, without user info',
    )
  if (new URL(origin).pathname !== '/') throw refuse(`${origin} has a base path`)
  if (access.authorization !== '') throw refuse(`${origin} has user info`)
  if (access.insecure) throw refuse('comes with --insecure')
}

function throughOf(origin: string): string {
  const proxy = proxyFor(origin)
  if (proxy === '') return ''
  const name = origin.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  return ` through the proxy ${URL.canParse(proxy) ? new URL(proxy).host : withoutUserInfo(proxy)} of ${name}`
}

const ownAuthority =
  'name its authority in NODE_EXTRA_CA_CERTS, as a file in PEM, or give --insecure to check no certificate'

/** Codes of Node's TLS and sockets → what to do. */
const fixes: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: ownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: ownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'give the name that the certificate is of, or --insecure to check no certificate',
  CERT_HAS_EXPIRED: 'renew its certificate, or give --insecure to check none',
  CERT_NOT_YET_VALID: 'look at the clocks of both, or give --insecure to check no certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS at this port: give http:// or another port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks no TLS at this port: give http:// or another port',
  ENOTFOUND: 'check the name of the host',
  'bad port': 'fetch asks nobody at this port, as browsers do: check the address, or give another port',
  EAI_AGAIN: 'check the name of the host, and that names can be looked up here',
}

/** The innermost reason that fetch knows, and what to do about it. */
function whyNot(error: unknown): { reason: string; fix: string } {
  const inner = innermost(error)
  // OpenSSL's own words, without the places in its code.
  const { code = '', reason: ofTls } = inner as NodeJS.ErrnoException & { reason?: string }
  const words = inner.name === 'TimeoutError' ? 'nothing came within 10 s' : (ofTls ?? inner.message)
  const told = words
    .replace(/; if the root CA is installed locally.*/s, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
  return {
    reason: [code, told]
      .filter((part, index) => part !== '' && (index > 0 || !told.includes(part)))
      .join(': '),
    fix:
      fixes[code] ??
      fixes[told] ??
      (/\(407\)/.test(told) ? proxyUser : 'check the address, and that it is up'),
  }
}

const proxyUser = 'the proxy wants to know who asks: put user and password into its address'

function innermost(error: unknown): Error {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (error instanceof Error) return error.cause instanceof Error ? innermost(error.cause) : error
  return new Error(String(error))
}
