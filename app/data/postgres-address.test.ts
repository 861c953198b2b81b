import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseIntoClientConfig } from 'pg-connection-string'
import { afterAll, describe, expect, it } from 'vitest'
import { clientConfig, type PostgresAddress, postgresAddress, postgresUrl } from './postgres-address.ts'

const directory = mkdtempSync(join(tmpdir(), 'headroom-certificates-'))
const root = join(directory, 'root.pem')
writeFileSync(root, 'the authority')
afterAll(() => rmSync(directory, { recursive: true }))

const read = (text: string) => postgresAddress('DATABASE_URL', text)
const refusal = (text: string): string => {
  try {
    clientConfig(read(text))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('a connection string of Postgres', () => {
  it.each<[string, string, Partial<PostgresAddress>]>([
    ['plain', 'postgres://u:p@h:6543/d', { user: 'u', password: 'p', host: 'h', port: 6543, database: 'd' }],
    ['of the longer scheme', 'postgresql://u:p@h/d', { host: 'h', port: 5432 }],
    ['with blanks around it, as files have', ' postgres://u:p@h/d\n', { host: 'h', database: 'd' }],
    ['without a database, which is the user’s', 'postgres://u:p@h', { database: 'u' }],
    ['without a password', 'postgres://u@h/d', { user: 'u', password: undefined }],
    [
      'with everything in the query',
      'postgres://h/d?user=u&password=p%23&port=6543',
      { user: 'u', password: 'p#', host: 'h', port: 6543, database: 'd' },
    ],
    [
      'whose query counts over the rest',
      'postgres://a:b@h/d?user=u&password=p',
      { user: 'u', password: 'p' },
    ],
    ['of IPv6', 'postgres://u:p@[::1]:6543/d', { host: '::1', port: 6543 }],
    [
      'of a socket without a host',
      'postgres://u:p@/d?host=/tmp',
      { host: '/tmp', database: 'd', port: 5432 },
    ],
    [
      'of a socket and nothing else',
      'postgres:///d?host=/tmp&user=u',
      { host: '/tmp', user: 'u', database: 'd' },
    ],
    [
      'of a socket in place of the host',
      'postgres://u:p@%2Fvar%2Frun/d',
      { host: '/var/run', database: 'd' },
    ],
    [
      'with a password of all that is encoded',
      'postgres://u:%23%2F%3F%40%3A%25%20@h/d',
      { password: '#/?@:% ' },
    ],
    ['with an @ in its password', 'postgres://u:p@ss@h/d', { user: 'u', password: 'p@ss', host: 'h' }],
    ['with a database of an odd name', 'postgres://u:p@h/a%23b%20c', { database: 'a#b c' }],
    [
      'of Prisma',
      'postgres://u:p@h/d?schema=public&connection_limit=5&pool_timeout=20',
      { connectionLimit: 5, poolSeconds: 20 },
    ],
    [
      'of Prisma without PgBouncer',
      'postgres://u:p@h/d?pgbouncer=false&connect_timeout=10',
      { connectSeconds: 10 },
    ],
    ['with options', 'postgres://u:p@h/d?options=-c%20role%3Dx', { options: '-c role=x' }],
  ])('is read: %s', (_, text, expected) => {
    expect(read(text)).toMatchObject(expected)
    // And comes out again as one that every client reads alike.
    const again = postgresUrl(read(text))
    expect(read(again)).toEqual(read(text))
    const { host, port, user, password } = read(text)
    expect(parseIntoClientConfig(again)).toMatchObject({ host, port, user, password: password ?? '' })
  })

  const refused = { rejectUnauthorized: false }
  it.each<[string, unknown]>([
    ['', false],
    ['?sslmode=disable', false],
    ['?ssl=false', false],
    ['?ssl=true', {}],
    ['?sslmode=require', refused],
    ['?sslmode=require&channel_binding=require', refused],
    ['?sslmode=require&channel_binding=prefer', refused],
    ['?sslmode=no-verify', refused],
    ['?sslmode=verify-full', {}],
    ['?sslmode=verify-full&sslrootcert=system', {}],
    ['?sslrootcert=system', {}],
    [`?sslmode=verify-full&sslrootcert=${root}`, { ca: 'the authority' }],
    [
      `?sslmode=verify-ca&sslrootcert=${root}`,
      { ca: 'the authority', checkServerIdentity: expect.any(Function) },
    ],
    // As libpq has it: with an authority to go by, the server is checked.
    [
      `?sslmode=require&sslrootcert=${root}`,
      { ca: 'the authority', checkServerIdentity: expect.any(Function) },
    ],
  ])('is encrypted as it says: %s', (query, ssl) => {
    const address = read(`postgres://u:p@h/d${query}`)
    expect(clientConfig(address).ssl).toEqual(ssl)
    expect(clientConfig(read(postgresUrl(address))).ssl).toEqual(ssl)
  })

  it.each([
    ['', false, false],
    ['&channel_binding=disable', false, false],
    ['&channel_binding=prefer', true, false],
    ['&channel_binding=require', true, true],
  ])('is bound to its TLS connection as it says: sslmode=require%s', (query, enable, require) => {
    const address = read(`postgres://u:p@h/d?sslmode=require${query}`)
    const expected = { enableChannelBinding: enable, requireChannelBinding: require }
    expect(clientConfig(address)).toMatchObject(expected)
    expect(clientConfig(read(postgresUrl(address)))).toMatchObject(expected)
  })

  it.each(['allow', 'prefer'])(
    'is refused by a process where it is left open whether: sslmode=%s',
    (mode) => {
      expect(() => clientConfig(read(`postgres://u:geheim@h/d?sslmode=${mode}`))).toThrow(
        new RegExp(
          `^DATABASE_URL has sslmode=${mode}, which leaves to the server .* — write sslmode=require`,
        ),
      )
    },
  )

  it('knows no TLS on a socket', () => {
    expect(clientConfig(read('postgres://u@/d?host=/tmp&sslmode=require')).ssl).toBe(false)
  })

  it('names its files so that they are found from everywhere', () => {
    const address = read('postgres://u:p@h/d?sslmode=verify-full&sslrootcert=package.json')
    expect(address.tls.rootCertificate).toBe(join(process.cwd(), 'package.json'))
  })

  it.each<[string, RegExp]>([
    ['', /is empty — write postgres:/],
    ['host=h user=u password=geheim dbname=d', /is no address of its kind — write postgres:/],
    ['mysql://u:geheim@h/d', /is no address of its kind/],
    ['"postgres://u:geheim@h/d"', /is no address of its kind/],
    ['postgres://u:geheim@/d', /names no host — .*\?host=\/var\/run/],
    ['postgres://h/d?password=geheim', /names no user/],
    ['postgres://u:gehe#im@h/d', /holds a #, .* — write it as %23/],
    ['postgres://u:1#geheim@h/d', /holds a #/],
    ['postgres://u:gehe im@h/d', /holds a space/],
    ['postgres://u:geheim%@h/d', /holds a % .* — write it as %25/],
    ['postgres://u:geheim%zz@h/d', /holds a %/],
    ['postgres://u:%ffgeheim@h/d', /cannot be read as a URL/],
    ['postgres://u:geheim/x@h/d', /holds an @ after a \/ — write \/ as %2F/],
    ['postgres://u:12/geheim@h/d', /holds an @ after a \//],
    ['postgres://u:geheim?x@h/d', /has a parameter that means nothing here — .*in a password \? is %3F/],
    ['postgres://u:12?geheim&x@h/d', /has a parameter that means nothing here/],
    ['postgres://u:12?geheim@h/d', /has a parameter that means nothing here/],
    ['postgres://h/d?user=u&password=gehe+im', /holds a \+ in its query/],
    ['postgres://u:geheim@h1,h2/d', /names several hosts/],
    ['postgres://u:geheim@h1:1,h2:2/d', /names several hosts/],
    ['postgres://u:geheim@/d?host=h1,h2', /names several hosts/],
    ['postgres://u:geheim@h:99999/d', /cannot be read as a URL/],
    ['postgres://u:geheim@h/d?port=99999', /has a port that is none/],
    ['postgres://u:geheim@h/d?user=a&user=b', /gives user twice/],
    ['postgres://u:geheim@h/d?schema=tenant', /has a schema that must be public/],
    [
      'postgres://u:geheim@h/d?pgbouncer=true',
      /has a pgbouncer that cannot be true.*give the server’s own address/,
    ],
    ['postgres://u:geheim@h/d?connection_limit=0', /has a connection_limit that/],
    ['postgres://u:geheim@h/d?sslmode=geheim', /has a sslmode that must be disable, allow, prefer/],
    [
      'postgres://u:geheim@h/d?sslmode=prefer',
      /sslmode=prefer, .* — write sslmode=require or sslmode=disable/,
    ],
    ['postgres://u:geheim@h/d?sslmode=allow', /sslmode=allow, /],
    ['postgres://u:geheim@h/d?sslmode=verify-ca', /verify-ca without sslrootcert/],
    ['postgres://u:geheim@h/d?sslmode=require&sslrootcert=system', /sslrootcert=system with sslmode=require/],
    [
      'postgres://u:geheim@h/d?sslmode=verify-full&sslrootcert=/no/geheim',
      /a file in sslrootcert that cannot be read \(ENOENT\)/,
    ],
    [`postgres://u:geheim@h/d?sslrootcert=${root}`, /names certificates and no sslmode/],
    ['postgres://u:geheim@h/d?channel_binding=require', /channel_binding=require without TLS/],
    ['postgres://u:geheim@h/d?sslaccept=strict', /has a parameter that means nothing here/],
    ['postgres://u:geheim@h/d?target_session_attrs=standby', /must be read-write/],
  ])('is refused in one line that holds nothing of it: %s', (text, line) => {
    const said = refusal(text)
    expect(said).toMatch(line)
    expect(said).toMatch(/^DATABASE_URL /)
    expect(said).not.toContain('\n')
    expect(said).not.toContain('gehe')
  })
})
