import { chmod, chown, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientConfigOf, postgresAddress, postgresUrl } from '@worklane/data/postgres-address.ts'
import { prepareDatabase } from '@worklane/data/prepare.ts'
import { reachPostgres, withPostgres } from '@worklane/data/reach-postgres.ts'
import { execa } from 'execa'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { provide } from '../toolchain/provide.ts'
import { startGuard } from './guard.ts'
import { ownServers, preparedDatabase } from './own-servers.ts'
import { launch, untilReady } from './part.ts'
import { takePortBlock } from './ports.ts'
import { clusterHome, initCluster, startPostgres, temporaryBelow } from './postgres.ts'

const marker = 'geheim'
const nobody = 65_534

/** A certificate of `localhost` that signs itself: its own authority. */
async function certificate(directory: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(directory, 'server.crt'), join(directory, 'server.key')]
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
  ])
  return { cert, key }
}

/** What reads as if the user had set nothing. */
const nothing = {
  DATABASE_URL: '',
  REDIS_URL: '',
  S3_ENDPOINT: '',
  S3_BUCKET: '',
  S3_ACCESS_KEY_ID: '',
  S3_SECRET_ACCESS_KEY: '',
  S3_REGION: '',
  S3_PUBLIC_ENDPOINT: '',
}
const given = Object.fromEntries(Object.keys(nothing).map((name) => [name, process.env[name]]))
const restore = () => Object.assign(process.env, given)

/** What the command says of these: its refusal's line, or ''. */
async function saidOf(servers: Partial<Record<keyof typeof nothing, string>>): Promise<string> {
  Object.assign(process.env, { ...nothing, ...servers })
  try {
    await ownServers({ postgres: true, redis: true, store: true })
    return ''
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as UsageError).line
  } finally {
    restore()
  }
}

describe('a PostgreSQL of the user’s own', () => {
  const guard = startGuard()
  let home: string
  let authority: string
  let admin: string
  let address: ReturnType<typeof postgresAddress>
  let stop: () => Promise<void>

  beforeAll(async () => {
    home = await temporaryBelow(await clusterHome(project), 'own-servers-')
    const cluster = join(home, 'cluster')
    await initCluster(cluster)
    const { cert, key } = await certificate(home)
    authority = join(home, 'authority.pem')
    await copyFile(cert, authority)
    const [crt, pem] = [join(cluster, 'data/server.crt'), join(cluster, 'data/server.key')]
    await copyFile(cert, crt)
    await copyFile(key, pem)
    await chmod(pem, 0o600)
    if (process.getuid?.() === 0) for (const file of [crt, pem]) await chown(file, nobody, nobody)
    const sockets = join(home, 'sockets')
    await execa('mkdir', ['-m', '777', sockets])
    const ports = await takePortBlock()
    const server = await startPostgres(guard, {
      directory: cluster,
      port: await ports.next(),
      logFile: join(home, 'postgres.log'),
      durable: false,
      settings: { ssl: 'on', listen_addresses: '127.0.0.1,::1', unix_socket_directories: sockets },
    })
    admin = server.adminUrl
    address = postgresAddress('DATABASE_URL', admin)
    stop = async () => {
      await server.part.stop()
      ports.release()
    }
  })
  afterAll(async () => {
    await stop()
    guard.end()
    await rm(home, { recursive: true, force: true })
  })

  const sockets = () => join(home, 'sockets')
  const login = () => `${address.user}:${address.password}`
  const forms: [string, () => string][] = [
    [
      'with everything in the query',
      () => `postgres://127.0.0.1:${address.port}/postgres?user=postgres&password=${address.password}`,
    ],
    [
      'by a socket without a host',
      () => `postgres://${login()}@/postgres?host=${sockets()}&port=${address.port}`,
    ],
    [
      'by a socket in place of the host',
      () => `postgres://${login()}@${encodeURIComponent(sockets())}:${address.port}/postgres`,
    ],
    ['by IPv6', () => `postgresql://${login()}@[::1]:${address.port}/postgres`],
    ['of Prisma', () => `${admin}?schema=public&connection_limit=5&connect_timeout=10&pgbouncer=false`],
    ['without a word on TLS', () => admin],
    ['that prefers TLS', () => `${admin}?sslmode=prefer`],
    ['that allows TLS', () => `${admin}?sslmode=allow`],
    ['that requires TLS', () => `${admin}?sslmode=require&channel_binding=prefer`],
    ['that requires channel binding', () => `${admin}?sslmode=require&channel_binding=require`],
    ['that checks the authority', () => `${admin}?sslmode=verify-ca&sslrootcert=${authority}`],
    [
      'that checks the server’s name',
      () =>
        `postgres://${login()}@localhost:${address.port}/postgres?sslmode=verify-full&sslrootcert=${authority}`,
    ],
  ]

  it.each(forms)('is used as it is given, by all roles, each of them held: %s', async (_, url) => {
    const reached = await reachPostgres(postgresAddress('DATABASE_URL', url()))
    const urls = await preparedDatabase(postgresUrl(reached))
    const asked =
      'select current_user as name, (select count(*)::int from tasks) as tasks, (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as tls'
    const { rows } = await withPostgres(postgresAddress('APP_DATABASE_URL', urls.app), (client) =>
      client.query(asked),
    )
    const wantsTls = /prefer|require|verify/.test(url().replace(/channel_binding=\w+/, ''))
    expect(rows).toEqual([{ name: expect.stringMatching(/^worklane_app_/), tasks: 0, tls: wantsTls }])
  })

  it('is migrated over what its password may hold', async () => {
    const password = 'a#b/c?d@e:f%g h&i=j+k\\l"m\'n'
    await withPostgres(address, (client) =>
      client.query(`create role odd superuser login password ${pg.escapeLiteral(password)}`),
    )
    await withPostgres(address, (client) => client.query('create database odd'))
    const url = postgresUrl({ ...address, user: 'odd', password, database: 'odd' })
    expect(await saidOf({ DATABASE_URL: url })).toBe('')
    await prepareDatabase(url)
    await withPostgres(postgresAddress('DATABASE_URL', url), (client) => client.query('select from tasks'))
  })

  it.each<[string, () => string, RegExp]>([
    [
      'with a wrong password',
      () => admin.replace(String(address.password), marker),
      /^DATABASE_URL has a wrong user or a wrong password — correct them; or unset it/,
    ],
    [
      'of a user that is not there',
      () => `postgres://nobody:${marker}@127.0.0.1:${address.port}/postgres`,
      /wrong user or a wrong password/,
    ],
    [
      'of a database that is not there',
      () => `postgres://${login()}@127.0.0.1:${address.port}/${marker}`,
      /names a database that is not there/,
    ],
    [
      'of a host that is not there',
      () => `postgres://u:p@${marker}.invalid/d`,
      /names a host that (is not known|could not be looked up)/,
    ],
    [
      'of a port where nothing listens',
      () => `postgres://u:${marker}@127.0.0.1:1/d`,
      /where nothing listens/,
    ],
    [
      'of a socket that is not there',
      () => `postgres://u:${marker}@/d?host=/${marker}`,
      /names a socket that is not there/,
    ],
    [
      'of an authority that is not known',
      () => `postgres://${login()}@localhost:${address.port}/postgres?sslmode=verify-full`,
      /certificate (signs itself|is of an authority)/,
    ],
    [
      'of another server than it is',
      () => `${admin}?sslmode=verify-full&sslrootcert=${authority}`,
      /certificate is of another host/,
    ],
  ])('is found wrong at the check, in one line that holds nothing of it: %s', async (_, url, line) => {
    const said = await saidOf({ DATABASE_URL: url() })
    expect(said).toMatch(line)
    expect(said).not.toContain('\n')
    expect(said).not.toContain(marker)
    expect(said).not.toContain(String(address.password))
  })

  it.each(['password', 'md5', 'trust'])(
    'gets no password where it must bind the channel and is asked by %s',
    async (method) => {
      const user = `unbound_${method}`
      const hba = join(home, 'cluster/data/pg_hba.conf')
      const before = await readFile(hba, 'utf8')
      await withPostgres(address, async (client) => {
        await client.query("set password_encryption = 'md5'")
        await client.query(`create role ${user} superuser login password '${marker}'`)
        await writeFile(hba, `hostssl all ${user} all ${method}\n${before}`)
        await client.query('select pg_reload_conf()')
      })
      const url = `postgres://${user}:${marker}@127.0.0.1:${address.port}/postgres?sslmode=require&channel_binding`
      await expect.poll(() => saidOf({ DATABASE_URL: `${url}=prefer` })).toBe('')
      expect(await saidOf({ DATABASE_URL: `${url}=require` })).toMatch(
        /^DATABASE_URL asks for channel binding, which the server does not offer this user — write/,
      )
      // Nothing of it left: the server waits for it until the connection closes.
      const log = await readFile(join(home, 'postgres.log'), 'utf8')
      expect(log).not.toMatch(new RegExp(`authentication failed for user "${user}"`))
    },
  )

  it('is found wrong where a tenant table of it does not force row-level security', async () => {
    await withPostgres(address, async (client) => {
      await client.query('create database open')
    })
    const url = postgresUrl({ ...address, database: 'open' })
    await preparedDatabase(url)
    await withPostgres(postgresAddress('DATABASE_URL', url), (client) =>
      client.query('alter table tasks no force row level security'),
    )
    await expect(preparedDatabase(url)).rejects.toThrow(/^DATABASE_URL leads to a database whose table tasks/)
  })

  it('keeps its roles where an earlier version is at work on it', async () => {
    await withPostgres(address, async (client) => {
      await client.query('create database earlier')
      await client.query('create database later')
    })
    const at = (database: string) => postgresUrl({ ...address, database })
    await prepareDatabase(at('earlier'))
    await withPostgres(address, (client) => client.query("alter role worklane_relay login password 'x'"))
    const signIn = { ...address, database: 'earlier', user: 'worklane_relay', password: 'x' }
    await withPostgres(signIn, async () => {
      await expect(prepareDatabase(at('later'))).rejects.toThrow(
        /earlier version of Worklane is signed in as worklane_relay.*bring that one up to date/,
      )
    })
    await withPostgres(signIn, async () => {})
    await expect.poll(() => prepareDatabase(at('later'))).toMatchObject({ app: expect.any(String) })
    await expect(withPostgres(signIn, async () => {})).rejects.toThrow(/password authentication failed/)
  })

  it('writes none of it into its log', async () => {
    const log = await readFile(join(home, 'postgres.log'), 'utf8')
    expect(log).not.toContain(String(address.password))
    const urls = await prepareDatabase(admin)
    for (const url of Object.values(urls))
      expect(log).not.toContain(String(clientConfigOf('DATABASE_URL', url).password))
  })
})

describe('a Redis of the user’s own', () => {
  const guard = startGuard()
  const password = 'p#ss/w?rd@'
  let directory: string
  let port: number
  let tlsPort: number
  let authority: string
  let stop: () => Promise<void>

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-own-redis-'))
    const { cert, key } = await certificate(directory)
    authority = cert
    const ports = await takePortBlock()
    port = await ports.next()
    tlsPort = await ports.next()
    const part = launch(guard, {
      name: 'redis',
      command: (await provide(['redis'])).redis.path,
      args: [
        ...[
          '--port',
          String(port),
          '--tls-port',
          String(tlsPort),
          '--bind',
          '127.0.0.1',
          '::1',
          '--dir',
          directory,
        ],
        ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no', '--save', ''],
        ...['--unixsocket', join(directory, 'redis.sock'), '--requirepass', password],
        ...'--user ada on >geheim2 ~* &* +@all'.split(' '),
        ...'--user nearly on >geheim2 ~* &* +@all -info'.split(' '),
        ...'--user small on >geheim2 ~* -@all'.split(' '),
      ],
      logFile: join(directory, 'redis.log'),
    })
    await untilReady(part, async () => (await saidOf({ REDIS_URL: plain() })) === '', 20)
    stop = async () => {
      await part.stop()
      ports.release()
    }
  })
  afterAll(async () => {
    await stop()
    guard.end()
    await rm(directory, { recursive: true, force: true })
  })

  const secret = encodeURIComponent(password)
  const plain = () => `redis://:${secret}@127.0.0.1:${port}`

  it.each<[string, () => string]>([
    ['with a password', plain],
    ['with a user', () => `redis://ada:geheim2@127.0.0.1:${port}`],
    ['with a database number', () => `${plain()}/15`],
    ['with all in the query', () => `redis://127.0.0.1:${port}?db=3&password=${secret}`],
    ['by IPv6', () => `redis://:${secret}@[::1]:${port}/0`],
    ['with blanks around it', () => ` ${plain()}\n`],
  ])('is used as it is given: %s', async (_, url) => {
    expect(await saidOf({ REDIS_URL: url() })).toBe('')
  })

  it('is used over TLS when its authority is known', async () => {
    const url = `rediss://:${secret}@localhost:${tlsPort}`
    expect(await saidOf({ REDIS_URL: url })).toMatch(
      /^REDIS_URL leads to a server whose certificate (signs itself|is of an authority).*NODE_EXTRA_CA_CERTS/,
    )
    const script = `import { reachRedis } from '${join(project, 'app/data/redis-address.ts')}'; await reachRedis('REDIS_URL', '${url}')`
    const known = await execa(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_EXTRA_CA_CERTS: authority },
    })
    expect(known.exitCode).toBe(0)
  })

  it.each<[string, () => string, RegExp]>([
    [
      'with a wrong password',
      () => `redis://:${marker}@127.0.0.1:${port}`,
      /^REDIS_URL has a wrong user or a wrong password — correct them; or unset it to have a Redis/,
    ],
    ['with a wrong user', () => `redis://eve:${marker}@127.0.0.1:${port}`, /wrong user or a wrong password/],
    ['without a password', () => `redis://127.0.0.1:${port}`, /has no password, and the server wants one/],
    [
      'with a user who may nothing',
      () => `redis://small:geheim2@127.0.0.1:${port}`,
      /has a user who may not do what Worklane needs/,
    ],
    [
      'with a user who may do all but ask for its version',
      () => `redis://nearly:geheim2@127.0.0.1:${port}`,
      /has a user who may not do what Worklane needs — allow it all commands/,
    ],
    [
      'with a number that the server does not have',
      () => `${plain()}/16`,
      /a database number that the server does not have/,
    ],
    ['with a name for a number', () => `${plain()}/${marker}`, /a database that is no number/],
    ['of a port where nothing listens', () => `redis://:${marker}@127.0.0.1:1`, /where nothing listens/],
    ['of a host that is not there', () => `redis://:p@${marker}.invalid`, /names a host that/],
    [
      'without TLS where TLS is spoken',
      () => `redis://:${marker}@127.0.0.1:${tlsPort}`,
      /REDIS_URL (leads to|names|cannot)/,
    ],
    [
      'with TLS where none is spoken',
      () => `rediss://:${marker}@127.0.0.1:${port}`,
      /REDIS_URL (asks for TLS|leads to|names a host that does not answer in time)/,
    ],
    ['with a # in its password', () => `redis://:p#${marker}@127.0.0.1:${port}`, /holds a #, .*%23/],
    ['with a / in its password', () => `redis://:1/${marker}@127.0.0.1:${port}`, /holds an @ after a \//],
    [
      'with a ? in its password',
      () => `redis://:1?${marker}@127.0.0.1:${port}`,
      /has a parameter that means nothing here/,
    ],
    ['with a lone %', () => `redis://:${marker}%@127.0.0.1:${port}`, /holds a %/],
    ['that is none', () => `host=h password=${marker}`, /is no address of its kind — write redis:/],
    [
      'in capital letters, which mean no TLS',
      () => `REDISS://:${marker}@127.0.0.1:${port}`,
      /is no address of its kind/,
    ],
    [
      'without a host',
      () => `redis://:${marker}@/0`,
      /cannot be read as a URL — write redis:\/\/user:password@host/,
    ],
    ['of several hosts', () => `redis://:${marker}@h1,h2/0`, /names several hosts/],
  ])('is found wrong at the check, in one line that holds nothing of it: %s', async (_, url, line) => {
    const said = await saidOf({ REDIS_URL: url() })
    expect(said).toMatch(line)
    expect(said).toMatch(/^REDIS_URL /)
    expect(said).not.toContain('\n')
    expect(said).not.toContain(marker)
  })

  it('is found wrong when something else answers', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const other = typeof address === 'object' ? address?.port : 0
    for (const said of [
      await saidOf({ REDIS_URL: `redis://:${marker}@127.0.0.1:${other}` }),
      await saidOf({ DATABASE_URL: `postgres://u:${marker}@127.0.0.1:${other}/d` }),
    ]) {
      expect(said).toMatch(/^(REDIS|DATABASE)_URL (leads|cannot)/)
      expect(said).not.toContain(marker)
    }
    server.close()
  })
})

describe('an object store of the user’s own', () => {
  const own = () => ({
    DATABASE_URL: given.DATABASE_URL ?? '',
    S3_ENDPOINT: given.S3_ENDPOINT ?? '',
    S3_BUCKET: given.S3_BUCKET ?? '',
    S3_ACCESS_KEY_ID: given.S3_ACCESS_KEY_ID ?? '',
    S3_SECRET_ACCESS_KEY: given.S3_SECRET_ACCESS_KEY ?? '',
    S3_REGION: given.S3_REGION ?? '',
  })

  it('is used beside a database of theirs', async () => {
    expect(await saidOf(own())).toBe('')
  })

  it.each<[string, () => Partial<ReturnType<typeof own>>, RegExp]>([
    [
      'without a database of theirs, which alone knows whose its files are',
      () => ({ ...own(), DATABASE_URL: '' }),
      /^S3_ENDPOINT is set and DATABASE_URL is not.* — set DATABASE_URL .*, or unset S3_ENDPOINT/,
    ],
    [
      'set in part',
      () => ({ DATABASE_URL: own().DATABASE_URL, S3_ENDPOINT: `https://${marker}.invalid` }),
      /and S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY is not set — set what is missing/,
    ],
    ['whose address is none', () => ({ ...own(), S3_ENDPOINT: marker }), /^S3_ENDPOINT: .* — correct it/],
    [
      'where nothing listens',
      () => ({ ...own(), S3_ENDPOINT: 'http://127.0.0.1:1' }),
      /^S3_ENDPOINT leads to no object store that answers/,
    ],
    [
      'that does not know the key',
      () => ({ ...own(), S3_SECRET_ACCESS_KEY: marker }),
      /^S3_ENDPOINT leads to no object store/,
    ],
    ['without such a bucket', () => ({ ...own(), S3_BUCKET: `${marker}-1` }), /^S3_ENDPOINT leads to no/],
  ])(
    'is refused before anything is started, in one line that holds nothing of it: %s',
    async (_, set, line) => {
      const said = await saidOf(set())
      expect(said).toMatch(line)
      expect(said).not.toContain('\n')
      expect(said).not.toContain(marker)
    },
  )
})
