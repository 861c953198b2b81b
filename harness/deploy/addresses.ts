import { randomInt } from 'node:crypto'

export type Addresses = {
  /** Of each service an address of this machine's own. */
  of: Record<string, string>
  /** As /etc/hosts has them. */
  hosts: string
}

/**
 * Gives every service an address of loopback for itself, so that all of them keep the ports and the names that they
 * have in their containers, and two deployments stand beside each other. Linux has all of 127.0.0.0/8 there.
 */
export function addressesFor(names: readonly string[]): Addresses {
  const network = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`
  const of = Object.fromEntries(names.map((name, index) => [name, `${network}.${index + 1}`]))
  const lines = Object.entries(of).map(([name, address]) => `${address} ${name}`)
  return { of, hosts: `127.0.0.1 localhost\n${lines.join('\n')}\n` }
}

/** A container listens on all addresses, and asks itself by loopback: here both are the one that the service has. */
export const atOwnAddress = (text: string, address: string): string =>
  text.replaceAll(/\b(0\.0\.0\.0|127\.0\.0\.1)(?=[:\s"';]|$)/g, address)
