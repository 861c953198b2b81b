import type { Schema } from '../inputs.ts'

/** JSON that is sent as it stands here, where no value of JavaScript says the same. */
export class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const deep = (levels: number): Raw => new Raw('['.repeat(levels) + ']'.repeat(levels))

/** What is of another type than any field wants, or of its type and absurd. */
const anywhere: unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    '',
    ' ',
    'x',
    [],
    {},
    [[]],
    ['x'],
    [null],
  ],
  ...[{ id: 1 }, { toString: 1 }, { length: 1e9 }, { $gt: '' }, new Raw('{"__proto__":{"a":1}}')],
  ...[new Raw('1e400'), new Raw('-0'), new Raw(`1${'0'.repeat(400)}`), new Raw('1.0'), new Raw('5E-324')],
  ...[deep(300), deep(20_000), 'x'.repeat(100_000)],
]

const texts: string[] = [
  ...[
    '\0',
    'a\0b',
    '\ud800',
    'a\udc00b',
    '\udbff\udfff',
    '\ufffe',
    '\uffff',
    '\ufeff',
    '\u202eabc',
    '\u2028',
    '\x7f',
    '\x1b[31m',
  ],
  ...[
    'e\u0301'.repeat(30),
    '\u00a0',
    '\u3000',
    '\u200b',
    'İ',
    'ß',
    'ﬁ',
    '👩‍👩‍👧‍👧',
    '٣',
    '𝟛',
    '\r\n',
    'a\nb',
    '\t',
    'a\\',
  ],
  ...[
    '%',
    '_',
    '%_',
    '\\%',
    '%00',
    '%ff',
    '%c0%ae',
    '&',
    '?',
    '#',
    '/',
    ';',
    ',',
    '+',
    "'",
    '"',
    '`',
    '--',
    '/*',
    '$1',
    ':x',
  ],
  ...[
    "'; drop table tasks; --",
    '{{7*7}}',
    '<script>alert(1)</script>',
    'javascript:alert(1)',
    '=1+1',
    '@everyone',
  ],
  ...[
    'null',
    'undefined',
    'NaN',
    'Infinity',
    '-Infinity',
    'true',
    '[object Object]',
    '0',
    '-1',
    '1e3',
    '0x10',
    '1_000',
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'length', 'then'],
]

const uuids: string[] = [
  ...[
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '0198c000-0000-7000-8000-000000000000',
  ],
  ...[
    '0198C000-0000-7000-8000-00000000000A',
    '{0198c000-0000-7000-8000-000000000000}',
    '0198c00000007000800000000000000a',
  ],
  ...[
    'urn:uuid:0198c000-0000-7000-8000-000000000000',
    ' 0198c000-0000-7000-8000-000000000000',
    '0198c000-0000-7000-8000-00000000000',
  ],
  ...[
    '0198c000-0000-7000-8000-0000000000000',
    '0198c000-0000-0000-0000-00000000000g',
    '0198c000–0000–7000–8000–000000000000',
  ],
]

const days: string[] = [
  ...[
    '0000-01-01',
    '0001-01-01',
    '0099-12-31',
    '1582-10-10',
    '1900-02-29',
    '2024-02-29',
    '2026-02-29',
    '2026-02-30',
  ],
  ...[
    '9999-12-31',
    '10000-01-01',
    '+010000-01-01',
    '-000001-01-01',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-1-1',
  ],
  ...[
    '2026-01-01T00:00:00Z',
    '2026-01-01 ',
    '20260101',
    '2026-W01-1',
    'today',
    'now',
    'infinity',
    '-infinity',
    'epoch',
    '٢٠٢٦-٠١-٠١',
  ],
]

const id = '0198c000-0000-7000-8000-000000000000'
const cursors: string[] = [
  ...['0000-01-01', '0001-01-01', '2026-02-30', '2026-13-01', '9999-12-31'].map(
    (date) => `${date}T00:00:00.000Z_${id}`,
  ),
  ...[
    `2026-01-01T24:00:00.000Z_${id}`,
    `2026-01-01T23:59:60.000Z_${id}`,
    `2026-01-01T00:00:00.000+05:30_${id}`,
  ],
  ...[
    `2026-01-01T00:00:00Z_${id}`,
    `2026-01-01T00:00:00.000Z_`,
    `_${id}`,
    `2026-01-01T00:00:00.000Z_${id}_${id}`,
  ],
  // A name after an id: one that can be, NUL, no UTF-8, padding, none.
  ...['QWE', 'AA', '__79', 'QQ==', ''].map((name) => `${id}_${name}`),
  ...[
    id,
    '0',
    '1',
    '2147483647',
    '2147483648',
    '-1',
    '1.5',
    '1e9',
    '9'.repeat(19),
    '9'.repeat(20),
    ' 1',
    'eyJhIjoxfQ==',
  ],
]

const addresses: string[] = [
  ...[
    'a@b',
    '@',
    'a@',
    '@b.test',
    'a b@c.test',
    'a@@b.test',
    'a@b..test',
    'A@B.TEST',
    '"a b"@c.test',
    "o'neil@c.test",
  ],
  ...[
    `${'a'.repeat(64)}@c.test`,
    `${'a'.repeat(300)}@c.test`,
    `a@${'b.'.repeat(120)}test`,
    'ü@ü.test',
    'a@xn--a.test',
    'a\0@c.test',
  ],
  ...['a@c.test\n', 'a@c.test, b@c.test', 'a@[127.0.0.1]', 'a+b@c.test', '%@c.test', '_@c.test'],
]

const numbersAround = (schema: Schema): unknown[] => {
  const bounds = [schema.minimum, schema.maximum].filter((bound) => bound !== undefined)
  return [
    ...bounds.flatMap((bound) => [bound - 1, bound, bound + 1, bound + 0.5, String(bound)]),
    ...[
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      2 ** 53 + 2,
      '5',
      ' 5',
      '5 ',
      '1e1',
      '0x5',
      '5.0',
      '٥',
      'five',
      '',
      '+5',
      '-0',
    ],
  ]
}

/** Lengths at and past the edge, counted in what has one unit, two of them, and four bytes. */
const lengthsAround = (most: number): string[] => [
  ...['x'.repeat(most), 'x'.repeat(most + 1), 'x'.repeat(Math.max(0, most - 1))],
  ...['💥'.repeat(Math.floor(most / 2)), '💥'.repeat(most), 'é'.repeat(most), ` ${'x'.repeat(most)} `],
]

/**
 * Values at and past the edges of what a field takes, and of other kinds altogether.
 * @param things ids of what is there, of which most are of another kind than the field names
 */
export function edgesOf(name: string, schema: Schema, things: readonly string[]): unknown[] {
  const own: unknown[] = []
  for (const each of [schema, ...(schema.anyOf ?? [])]) {
    if (each.enum)
      own.push(
        ...each.enum,
        ...each.enum.map((value) => `${String(value)} `),
        String(each.enum[0]).toUpperCase(),
      )
    if (each.const !== undefined) own.push(each.const)
    if (each.format === 'uuid') own.push(...uuids, ...things)
    if (each.format === 'date') own.push(...days)
    if (each.format === 'email') own.push(...addresses)
    if (/cursor/i.test(name)) own.push(...cursors)
    if (each.type === 'integer' || each.type === 'number') own.push(...numbersAround(each))
    if (each.type === 'string') own.push(...texts)
    if (each.maxLength !== undefined && each.maxLength <= 100_000) own.push(...lengthsAround(each.maxLength))
    if (each.type === 'array') own.push(...listsOf(name, each, things))
    if (each.type === 'object' && each.properties) own.push(...objectsOf(each, things))
  }
  return [...own, ...anywhere]
}

function listsOf(name: string, schema: Schema, things: readonly string[]): unknown[] {
  const items = edgesOf(name, schema.items ?? {}, things)
  const [first = things[0]] = items
  return [
    ...items.map((item) => [item]),
    ...[
      [first, first],
      Array.from({ length: 1_000 }, () => first),
      Array.from({ length: 20_000 }, (_, n) => n),
    ],
    ...[[...things], [things[0], null], new Raw('[,]')],
  ]
}

function objectsOf(schema: Schema, things: readonly string[]): unknown[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...edgesOf(name, field, things).map((value) => ({ [name]: value })),
    { [name]: null, unknown: 1 },
  ])
}
