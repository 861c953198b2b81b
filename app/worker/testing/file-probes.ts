import { request } from 'node:http'
import { below, pick } from '../../../fixtures/random.ts'

/** What a tenant has in the object store, as keys, and a link to the file that is good for an hour. */
export type Stored = { keys: string[]; link: string; expired: string; orgId: string }

export type Probe = { what: string; method: string; path: string; headers?: Record<string, string> }

type Maker = (turn: number, own: Stored, foreign: Stored, bucket: string) => Probe

/**
 * A question to the edge that leads to another tenant's bytes if anything of a link, of a key or of a path is not looked
 * at. The same number asks the same.
 */
export function probeOf(turn: number, own: Stored, foreign: Stored, bucket: string): Probe {
  return pick(makers, 1, turn)(turn, own, foreign, bucket)
}

const signature = 'X-Amz-Signature'

/** Their link with one thing changed that it is signed for. */
const changedLink: Maker = (turn, _, foreign) => {
  const url = new URL(foreign.link)
  const query = new Map(url.searchParams)
  const [name, change] = pick(changes, 2, turn)
  const before = query.get(name) ?? ''
  const after = change(before, turn)
  if (after === null) query.delete(name)
  else query.set(name, after)
  return { what: `${name} changed`, method: 'GET', path: `${url.pathname}?${queryOf(query)}` }
}

const hex = '0123456789abcdef'
const replacedAt = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1)
const otherSign = (text: string, turn: number): string => {
  const at = below(text.length, 3, turn)
  return replacedAt(text, at, hex[(hex.indexOf(text[at] ?? '0') + 1 + below(15, 4, turn)) % 16] ?? '0')
}

/**
 * What is changed of a link, and to what; null takes it out. Not among it: a header more in X-Amz-SignedHeaders, which
 * versitygw 1.8.0 passes over where it is not sent. That is the same link, for the same object and the same time.
 */
const changes: readonly (readonly [string, (before: string, turn: number) => string | null])[] = [
  [signature, otherSign],
  [signature, () => null],
  [signature, () => ''],
  [signature, (before) => before.slice(0, -2)],
  ['X-Amz-Expires', (_, turn) => String(3_601 + below(600_000, 5, turn))],
  ['X-Amz-Expires', () => null],
  [
    'X-Amz-Date',
    (before, turn) => replacedAt(before, 13, String((Number(before[13]) + 1 + below(8, 6, turn)) % 10)),
  ],
  ['X-Amz-Date', () => null],
  ['X-Amz-Credential', (before) => `other${before}`],
  ['X-Amz-Credential', (before) => before.replace(/\/\d{8}\//, '/20200101/')],
  ['X-Amz-Algorithm', () => 'AWS4-HMAC-SHA1'],
  ['X-Amz-SignedHeaders', () => ''],
  ['response-content-disposition', () => 'inline'],
  ['response-content-disposition', () => null],
  ['response-content-type', () => 'text/html'],
  ['response-cache-control', () => 'public'],
  ['versionId', () => 'null'],
  ['partNumber', () => '1'],
]

/** One's own link, led to somebody else's object. */
const movedLink: Maker = (turn, own, foreign, bucket) => {
  const { search } = new URL(own.link)
  const key = pick(foreign.keys, 7, turn)
  return { what: 'own link to their key', method: 'GET', path: `/${bucket}/${key}${search}` }
}

/** A link of another object of theirs, or of another method. */
const reusedLink: Maker = (turn, _, foreign, bucket) => {
  const { pathname, search } = new URL(foreign.link)
  const others = foreign.keys.filter((key) => !pathname.endsWith(key))
  const method = pick(['PUT', 'DELETE', 'POST'], 8, turn)
  return below(2, 9, turn) === 0
    ? { what: `their link as ${method}`, method, path: pathname + search }
    : {
        what: 'their link to their other key',
        method: 'GET',
        path: `/${bucket}/${pick(others, 10, turn)}${search}`,
      }
}

/** A link whose time is over, as it is and with another time. */
const expiredLink: Maker = (turn, _, foreign) => {
  const { pathname, search } = new URL(foreign.expired)
  const later = search.replace(/X-Amz-Expires=\d+/, `X-Amz-Expires=${3_600 + below(600_000, 11, turn)}`)
  return { what: 'expired', method: 'GET', path: pathname + pick([search, later], 12, turn) }
}

/** No link at all, with whatever a stranger can bring. */
const unsigned: Maker = (turn, own, foreign, bucket) => {
  const key = pick(foreign.keys, 13, turn)
  const { search } = new URL(own.link)
  const token = `AWS4-HMAC-SHA256 Credential=worklane/20261130/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`
  const brought = pick<Record<string, string>>(
    [
      {},
      { Authorization: token },
      { Cookie: `authjs.session-token=${turn}` },
      { 'X-Original-URL': `/${bucket}/${key}${search}` },
      { 'X-Amz-Copy-Source': `/${bucket}/${key}` },
      { Range: 'bytes=0-99' },
      { 'X-Http-Method-Override': 'GET' },
    ],
    14,
    turn,
  )
  const method = pick(['GET', 'GET', 'HEAD', 'OPTIONS', 'POST'], 15, turn)
  return { what: 'unsigned', method, path: `/${bucket}/${key}`, headers: brought }
}

/** What the bucket holds. */
const listing: Maker = (turn, own, foreign, bucket) => {
  const { search } = new URL(own.link)
  const asked = pick(
    [
      '',
      'list-type=2',
      `list-type=2&prefix=orgs/${foreign.orgId}/`,
      'versions',
      'uploads',
      'acl',
      'policy',
      'location',
      `prefix=orgs%2F${foreign.orgId}&delimiter=%2F`,
    ],
    16,
    turn,
  )
  const link = pick([`?${asked}`, `${search}&${asked}`, `/?${asked}`, `/${search}&${asked}`], 17, turn)
  return { what: 'listing', method: 'GET', path: `/${bucket}${link}` }
}

/** One's own link, or none, by a path that might be read as theirs. */
const trickedPath: Maker = (turn, own, foreign, bucket) => {
  const key = pick(foreign.keys, 18, turn)
  const { search, pathname } = new URL(pick([own.link, foreign.expired], 19, turn))
  const up = pick(['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%5c', '.%2e/', '..;/', '%252e%252e/'], 20, turn)
  const climbed = `${pathname}/${up.repeat(1 + below(8, 21, turn))}`
  const path = pick(
    [
      `${climbed}${bucket}/${key}`,
      `${climbed}${key}`,
      `/${bucket}//${key}`,
      `//${bucket}/${key}`,
      `/${bucket}/./${key}`,
      `/${bucket}/${key.replaceAll('/', '%2f')}`,
      `/${bucket}/${key.replaceAll('/', '//')}`,
      `/${bucket.toUpperCase()}/${key}`,
      `/%${bucket.charCodeAt(0).toString(16)}${bucket.slice(1)}/${key}`,
      `/${bucket}/${key.toUpperCase()}`,
      `/${bucket}/${key}%00`,
      `/${bucket}/${key}/`,
      `/${bucket}/${key};x=1`,
      `/${bucket}/${key}%20`,
      `/${bucket}/${key}%3f${search.slice(1)}`,
      `/v1/../${bucket}/${key}`,
      `/_next/static/../../${bucket}/${key}`,
      `/_next/static/..%2f..%2f${bucket}/${key}`,
      `http://${bucket}/${key}`,
    ],
    22,
    turn,
  )
  const query = pick([search, '', `${search}&x=1`, `?key=${key}`], 23, turn)
  return { what: 'path', method: 'GET', path: path + query }
}

const makers = [changedLink, movedLink, reusedLink, expiredLink, unsigned, listing, trickedPath, trickedPath]

const queryOf = (query: Map<string, string>) =>
  [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')

/** Asks as it is: fetch would straighten the path. @returns all that came, as text: headers and body */
export const asked = (origin: string, { method, path, headers = {} }: Probe): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const options = { hostname, port, method, path, headers: { Host: new URL(origin).host, ...headers } }
    const sent = request(options, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () =>
        resolve(
          `${answer.statusCode}\n${answer.rawHeaders.join('\n')}\n${Buffer.concat(chunks).toString('latin1')}`,
        ),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
