import { Agent, type Dispatcher, fetch, Headers, ProxyAgent, type RequestInit, type Response } from 'undici'
import { type Access, openAccess } from './access.ts'
import { proxyFor } from './proxy.ts'
import { trustedRoots } from './trust.ts'

/**
 * Asks a target as k6 does: with the user info of its address, through the proxy and with the authorities of the
 * environment.
 * @param origin of the target, with its base path
 * @param path below it
 */
export async function ask(
  origin: string,
  path: string,
  init: RequestInit = {},
  { authorization, insecure }: Access = openAccess,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (authorization !== '' && !headers.has('authorization')) headers.set('authorization', authorization)
  return fetch(origin + path, {
    ...init,
    headers,
    dispatcher: dispatcherFor(origin, insecure),
  })
}

/** Each holds its connections. */
const dispatchers = new Map<string, Dispatcher>()

function dispatcherFor(origin: string, insecure: boolean): Dispatcher {
  const proxy = proxyFor(origin)
  const isSecure = origin.startsWith('https:') || proxy.startsWith('https:')
  const key = `${proxy} ${isSecure} ${insecure}`
  const known = dispatchers.get(key)
  if (known) return known
  const ca = isSecure ? { ca: trustedRoots() } : {}
  const tls = { ...ca, rejectUnauthorized: !insecure }
  const made =
    proxy === ''
      ? new Agent({ connect: tls })
      : // Plain http is asked from the proxy itself, as Go does: many let nobody tunnel to port 80.
        new ProxyAgent({ uri: proxy, requestTls: tls, proxyTls: ca, proxyTunnel: false })
  dispatchers.set(key, made)
  return made
}
