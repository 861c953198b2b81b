import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'
import { fromHere } from '../here.ts'
import { scratch } from '../scratch.ts'
import { UsageError } from '../usage.ts'

/** Variables that name a file of certificates: Node reads one, Go and OpenSSL the other. */
const variables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] as const

/**
 * All authorities that Node, the system or the environment trusts, as PEM: one list for Node and for k6, so that what
 * one of them reaches the other reaches as well.
 * @throws UsageError for a variable that names no certificates
 */
export function trustedRoots(): string[] {
  known ??= [
    ...new Set(
      [...getCACertificates('bundled'), ...getCACertificates('system'), ...named()].map((pem) => pem.trim()),
    ),
  ]
  return known
}
let known: string[] | undefined

/** What Go, and k6 with it, needs in its environment to trust the same. Go knows the system's by itself. */
export function goTrust(): Record<string, string> {
  if (!variables.some((name) => process.env[name])) return {}
  const file = join(scratch(), 'roots.pem')
  writeFileSync(file, `${trustedRoots().join('\n')}\n`)
  return { SSL_CERT_FILE: file }
}

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

const named = (): string[] =>
  variables.flatMap((name) => {
    const file = process.env[name]
    return file ? certificatesIn(name, fromHere(file)) : []
  })

function certificatesIn(name: string, file: string): string[] {
  const refuse = (why: string) =>
    new UsageError(`${name} is ${file}, which ${why}`, 'name a file of certificates in PEM, or unset it')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw refuse(`cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  const found = text.match(certificate) ?? []
  if (found.length === 0) throw refuse('holds no certificate')
  for (const pem of found) {
    try {
      new X509Certificate(pem)
    } catch (error) {
      throw refuse(`holds a certificate that cannot be read: ${(error as Error).message}`)
    }
  }
  return found
}
