import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A cloud's own service for its machines, at an address that looks like any other: Azure's. */
const ofClouds = new Set(['168.63.129.16'])

/**
 * Whether anybody on the internet reaches the same under an address: it is none of a private network, of this machine,
 * of its link, of a carrier, of many, or one that a gateway takes for an IPv4 address (mapped, NAT64, 6to4, Teredo).
 * The ranges are those of IANA's special-purpose registries, as ipaddr.js keeps them.
 */
export function isPublic(address: string): boolean {
  if (isIP(address) === 0) return false
  // An IPv4 address inside of an IPv6 one is judged as what it is: mapped ones are refused as well.
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || ofClouds.has(parsed.toString())) return false
  // Of IPv6 only 2000::/3 was given to the internet (RFC 4291, 2.4).
  return parsed instanceof ipaddr.IPv6 ? ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000 : true
}

/** Where receivers listen. Others are of mail servers, databases and the like, which nobody should be made to speak to. */
const ports = new Set(['', '8443'])

/** Names that lead to nobody's public machine (RFC 6761, RFC 6762, RFC 8375, and what clouds use). */
const privateName = /(^|\.)(localhost|local|internal|home\.arpa|localdomain)$/

/**
 * What is wrong with an address for webhooks, as the end of "url: …"; null where nothing is. Names are looked up when
 * something is sent, each time.
 * @param allowPrivate for development: http, any port, any address
 */
export function faultOfUrl(text: string, allowPrivate: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be an address that begins with https://'
  if (url.username || url.password)
    return 'must hold no user name or password; tell us apart by the signature'
  if (url.hash) return 'must not hold a #, which is never sent'
  if (allowPrivate) return null
  if (url.protocol !== 'https:') return 'must begin with https://'
  if (!ports.has(url.port)) return 'must not name a port other than 443 and 8443'
  // The parser has brought every way to write an IPv4 address (decimal, octal, hexadecimal) into the one with dots.
  const host = hostOf(url)
  if (isIP(host) ? !isPublic(host) : privateName.test(host) || !host.includes('.'))
    return 'must lead to a public address'
  return null
}

/** Without the brackets of an IPv6 address, and without the dot that ends a whole name. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$|\.$/g, '')
