import { randomInt } from 'node:crypto'

/**
 * Gives every service an address of loopback for itself, so that all of them keep the ports and the names that they
 * have in their containers, and two deployments stand beside each other. Linux has all of 127.0.0.0/8 there.
 */
export function addressesFor(names: readonly string[]): Record<string, string> {
  const network = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`
  return Object.fromEntries(names.map((name, index) => [name, `${network}.${index + 1}`]))
}

/** /etc/hosts of a service: `localhost` is itself, as in a container. */
export const hostsOf = (addresses: Record<string, string>, service: string): string =>
  [...Object.entries(addresses), ['localhost', addresses[service]]]
    .map(([name, address]) => `${address} ${name}\n`)
    .join('')

/** A container listens on all addresses, and asks itself by loopback: here both are the one that the service has. */
export const atOwnAddress = (text: string, address: string): string =>
  text.replaceAll(/\b(0\.0\.0\.0|127\.0\.0\.1)(?=[:\s"';]|$)/g, address)
