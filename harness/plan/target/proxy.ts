import { BlockList, isIP, isIPv6 } from 'node:net'
import { UsageError } from '../usage.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for a URL, or ''. By Go's rules, which are k6's: HTTP_PROXY or HTTPS_PROXY,
 * in large letters or small, unless NO_PROXY names the host; never for this machine itself.
 * Source: golang.org/x/net/http/httpproxy.
 * @throws UsageError for a proxy of another kind (SOCKS), which the harness itself could not ask through
 */
export function proxyFor(url: string, env: Environment = process.env): string {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const proxy = variable(env, protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === '' || isOwn(host)) return ''
  const at = { host, port: port || (protocol === 'https:' ? '443' : '80') }
  const excluded = variable(env, 'NO_PROXY')
    .split(/[\s,]+/)
    .filter(Boolean)
  if (excluded.some((entry) => isNamedBy(entry.toLowerCase(), at))) return ''
  const address = proxy.includes('://') ? proxy : `http://${proxy}`
  const [, scheme = ''] = /^(.*?):\/\//.exec(address) ?? []
  if (!/^https?$/i.test(scheme))
    throw new UsageError(
      `${protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is a proxy of ${scheme}://, which is not supported`,
      'name one of http:// or https://, or name the host in NO_PROXY',
    )
  return address
}

const variable = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || ''

const isOwn = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.[\d.]+$/.test(host)

/** `*`, a range of addresses, or a name with or without its port; a name stands for those below it, too. */
function isNamedBy(entry: string, { host, port }: { host: string; port: string }): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isIP(host) !== 0 && isInRange(entry, host)
  const [, bracketed, plain = '', wantedPort] = /^(?:\[(.+)\]|(.+?))(?::(\d+))?$/.exec(entry) ?? []
  const address = isIPv6(entry)
  if (!address && wantedPort !== undefined && wantedPort !== port) return false
  const name = address ? entry : (bracketed ?? plain).replace(/^\*(?=\.)/, '')
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`)
}

function isInRange(range: string, host: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  const family = isIPv6(network) ? 'ipv6' : 'ipv4'
  if (isIP(network) === 0 || isIPv6(host) !== isIPv6(network)) return false
  const list = new BlockList()
  try {
    list.addSubnet(network, Number(bits), family)
  } catch {
    // No such range: Go leaves it out as well.
    return false
  }
  return list.check(host, family)
}
