import { type AnyOperation, isRead, methodOf, pathOf } from '@worklane/domain/operation.ts'
import fc from 'fast-check'
import type { Input } from '../asks.ts'
import { inputOf, type Schema } from '../inputs.ts'
import { edgesOf, Raw } from './values.ts'

/** A request as it goes over the wire. */
export type Request = {
  method: string
  path: string
  headers: Record<string, string>
  body?: Buffer
  /** What is odd about it. */
  what: string
  /** Whether it goes to the procedure instead of the route. */
  trpc?: true
}

const json = { 'content-type': 'application/json' }

/** JSON in which what is raw stands as it is. */
function jsonOf(value: unknown): string {
  const raw: string[] = []
  const text = JSON.stringify(value, (_, each: unknown) =>
    each instanceof Raw ? `\0raw${raw.push(each.text) - 1}\0` : each,
  )
  return (text ?? 'null').replaceAll(
    /"\\u0000raw(\d+)\\u0000"/g,
    (_, place: string) => raw[Number(place)] as string,
  )
}

/** As a URL has it; half of a surrogate pair as the three bytes that it would be, which are no UTF-8. */
function inUrl(value: unknown): string {
  const text = typeof value === 'string' ? value : jsonOf(value)
  return [...text]
    .map((character) => {
      if (character.isWellFormed()) return encodeURIComponent(character)
      const code = character.charCodeAt(0)
      return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
        .map((byte) => `%${byte.toString(16).toUpperCase()}`)
        .join('')
    })
    .join('')
}

function rest(asked: AnyOperation, input: Input, what: string): Request {
  const given = { ...input }
  const path = pathOf(asked.rest).replaceAll(/:(\w+)/g, (_, field: string) => {
    const value = inUrl(given[field] ?? '')
    delete given[field]
    return value
  })
  const method = methodOf(asked.rest)
  if (!isRead(asked)) return { method, path, headers: json, body: Buffer.from(jsonOf(given)), what }
  const query = Object.entries(given).map(([name, value]) => `${name}=${inUrl(value)}`)
  return { method, path: query.length > 0 ? `${path}?${query.join('&')}` : path, headers: {}, what }
}

function trpc(asked: AnyOperation, input: Input, what: string): Request {
  const [path, text] = [`/trpc/${asked.name}`, jsonOf(input)]
  return isRead(asked)
    ? { method: 'GET', path: `${path}?input=${inUrl(text)}`, headers: {}, what, trpc: true }
    : { method: 'POST', path, headers: json, body: Buffer.from(text), what, trpc: true }
}

/** Bodies that are no object of JSON, or hardly one. */
const bodies: [string, Buffer | string][] = [
  ...(
    [
      '',
      ' ',
      '{',
      '}',
      'null',
      'true',
      '1',
      '"x"',
      '[]',
      '[{}]',
      '{}',
      '{"a":}',
      '{"a":1,}',
      "{'a':1}",
      '// x\n{}',
    ] as const
  ).map((text): [string, string] => [`the body ${text}`, text]),
  ['a byte order mark', '\ufeff{}'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['NUL bytes', Buffer.alloc(64)],
  ['ten thousand levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['twice the same key', '{"name":"a","name":"b","title":"a","title":"b"}'],
  ['keys of objects', '{"__proto__":{"role":"owner"},"constructor":{"prototype":{}},"toString":1}'],
  ['ten thousand fields', `{${Array.from({ length: 10_000 }, (_, n) => `"f${n}":${n}`).join()}}`],
  ['a long key', `{"${'k'.repeat(200_000)}":1}`],
  ['more than a megabyte', `{"x":"${'x'.repeat(1_100_000)}"}`],
]

const types = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'x',
  ],
  ...[
    'application/json; charset=utf-16',
    'application/json; charset=',
    '',
    'application/JSON',
    'text/html, */*',
  ],
]

const headers: [string, string][] = [
  ...[
    '',
    ' ',
    'a b',
    'x'.repeat(200),
    'x'.repeat(201),
    'x'.repeat(7_000),
    'ü',
    '"',
    ',',
    'a,b',
    '__proto__',
  ].map((key): [string, string] => ['idempotency-key', key]),
  ...['', '*', 'x', '"', 'W/', 'W/"', '"a", "b', ',', 'W/"x", *', '"'.repeat(5_000)].map(
    (tag): [string, string] => ['if-none-match', tag],
  ),
  ...[
    'Bearer',
    'Bearer ',
    'Bearer wl_',
    'Bearer wl_\xff',
    'bearer x y',
    'Basic eDp4',
    'Basic',
    `Bearer ${'x'.repeat(7_000)}`,
  ].map((value): [string, string] => ['authorization', value]),
  ...[
    'authjs.session-token=',
    'authjs.session-token',
    'authjs.session-token=%',
    'authjs.session-token=%00',
    '=',
    ';;;',
    '\xff=\xff',
  ].map((value): [string, string] => ['cookie', value]),
  ...['x', 'null', 'http://', 'https://evil.test', '\xff'].map((value): [string, string] => [
    'origin',
    value,
  ]),
  ...['text/html', 'x', '*/*;q=0', '', 'application/json;q=abc'].map((value): [string, string] => [
    'accept',
    value,
  ]),
  ...['br;q=x', 'zstd', 'identity;q=0, *;q=0'].map((value): [string, string] => ['accept-encoding', value]),
  ...['gzip', 'br', 'x'].map((value): [string, string] => ['content-encoding', value]),
  ...['x'.repeat(300), '\xff', '../x'].map((value): [string, string] => ['x-request-id', value]),
  ...['0', 'x', 'Sat, 29 Nov 0000 00:00:00 GMT'].map((value): [string, string] => [
    'if-modified-since',
    value,
  ]),
  ['range', 'bytes=0-0'],
  ['expect', '100-continue'],
  ['transfer-encoding', 'chunked'],
  ['x-http-method-override', 'DELETE'],
]

const queries = [
  ...[
    '?',
    '?&&&',
    '?=',
    '?=x',
    '?%',
    '?%ff=%ff',
    '?%00=%00',
    '?a[]=1',
    '?a[b]=1',
    '?a.b=1',
    '?__proto__[x]=1',
    '?limit',
    '?limit=',
  ],
  ...[
    '?limit=1&limit=2',
    '?cursor=&cursor=',
    '?limit=5;cursor=x',
    `?${'a=1&'.repeat(2_000)}`,
    `?x=${'x'.repeat(20_000)}`,
    '?#',
    '?/../..',
  ],
]

/**
 * Every request at and past the edges of one operation, each made when it is to be sent: every field alone with each
 * odd value beside what fits, by both doors, then bodies, types, headers and queries that are odd as a whole.
 * @param input what fits, asked for anew each time: what was there may be gone
 */
export function* edgeRequests(
  asked: AnyOperation,
  schema: Schema,
  input: () => Input,
  things: readonly string[],
): Iterable<() => Request> {
  const good = (what: string, odd: Partial<Request> = {}) => ({ ...rest(asked, input(), what), ...odd })
  yield () => good('what fits')
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield () => {
      const { [name]: _, ...without } = input()
      return rest(asked, without, `no ${name}`)
    }
    for (const value of edgesOf(name, field, things)) {
      for (const door of [rest, trpc])
        yield () => door(asked, { ...input(), [name]: value }, `${name} = ${jsonOf(value).slice(0, 80)}`)
    }
  }
  yield () => rest(asked, { ...input(), unknown: 1 }, 'an unknown field')
  yield () => rest(asked, { ...input(), orgId: things[0] }, 'an organisation')
  for (const [name, value] of headers) {
    const own = isRead(asked) ? {} : json
    yield () => good(`${name}: ${value.slice(0, 60)}`, { headers: { ...own, [name]: value } })
  }
  for (const query of queries)
    yield () => {
      const of = good(`the query ${query.slice(0, 60)}`)
      return { ...of, path: `${of.path.split('?')[0]}${query}` }
    }
  for (const method of ['PUT', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'X'])
    yield () => good(`the method ${method}`, { method })
  if (isRead(asked)) {
    yield () => good('a body to a read', { headers: json, body: Buffer.from('{"a":1}') })
    return
  }
  for (const [what, body] of bodies) {
    yield () => good(what, { body: Buffer.from(body) })
    yield () => ({ ...trpc(asked, input(), what), body: Buffer.from(body) })
  }
  for (const type of types) yield () => good(`the type ${type}`, { headers: { 'content-type': type } })
}

/** Requests with several odd fields at once, without end and the same for the same seed. */
export function* randomRequests(
  asked: AnyOperation,
  schema: Schema,
  input: () => Input,
  seed: number,
): Iterable<() => Request> {
  for (let round = 0; ; round++) {
    for (const given of fc.sample(inputOf(schema, input()), { numRuns: 40, seed: seed + round })) {
      yield () => rest(asked, given, 'at random')
      yield () => trpc(asked, given, 'at random')
    }
  }
}
