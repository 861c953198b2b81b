import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

/** Targets as people have them, asked by the harness and by k6: a real server, a real authority, a real proxy. */
describe('a target', () => {
  let directory: string
  let journey: string
  let tls: { key: string; cert: string }
  const servers: Server[] = []
  const asked: { url: string; authorization: string | undefined }[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-reach-'))
    tls = await certificates(directory)
    journey = join(directory, 'journey.ts')
    await writeFile(
      journey,
      `export const journey = {
         name: 'reach', workload: { users: 4, think: 200, ramp: 200, duration: 5_000 }, limits: { ok: 2_000 },
         chain: { '': { look: 1 }, look: { look: 1 } },
         steps: { look: () => [{ method: 'GET', route: 'ok', path: '/ok' }] },
       }`,
    )
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections()
    asked.length = 0
  })

  const shop: RequestListener = ({ url = '', headers }, response) => {
    asked.push({ url, authorization: headers.authorization })
    response.writeHead(200, { 'content-type': 'text/plain' }).end('fine')
  }

  async function open(server: Server, host = '127.0.0.1'): Promise<number> {
    servers.push(server)
    await new Promise<void>((resolve) => void server.listen(0, host, resolve))
    return (server.address() as AddressInfo).port
  }

  const none = {
    NODE_EXTRA_CA_CERTS: '',
    SSL_CERT_FILE: '',
    HTTP_PROXY: '',
    HTTPS_PROXY: '',
    NO_PROXY: '',
    http_proxy: '',
    https_proxy: '',
    no_proxy: '',
    NO_COLOR: '1',
  }

  const use = (target: string, env: Record<string, string> = {}, ...options: string[]) =>
    execa(process.execPath, ['harness/cli/main.ts', 'loadtest', journey, '--target', target, ...options], {
      reject: false,
      env: { ...none, HEADROOM_RESULTS: join(directory, 'results'), ...env },
    })

  /** Plays it, and requires that all was answered, by both. */
  async function play(target: string, env: Record<string, string> = {}, ...options: string[]) {
    const { stdout, stderr } = await use(target, env, '--json', ...options)
    expect(stdout, stderr).toContain('"totals"')
    const { totals, target: shown } = JSON.parse(stdout) as {
      totals: { requests: number; errors: number }
      target: string
    }
    expect(totals.errors).toBe(0)
    expect(totals.requests).toBeGreaterThan(10)
    expect(asked.length).toBeGreaterThan(totals.requests)
    return { shown, said: `${stdout}${stderr}` }
  }

  /** Sends all to one port, whatever the name. */
  function proxyTo(port: number, seen: string[]): Server {
    const proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      const { pathname, host } = new URL(request.url ?? '')
      const { 'proxy-authorization': _, ...headers } = { ...request.headers, host }
      const onward = forward({ port, host: '127.0.0.1', method: request.method, path: pathname, headers })
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    proxy.on('connect', ({ url }: IncomingMessage, socket: Socket) => {
      seen.push(`CONNECT ${url}`)
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const end of [socket, onward]) end.on('error', () => {})
    })
    return proxy
  }

  it('is asked below its base path, with its user info, which nobody is told', async () => {
    const port = await open(createServer(shop))
    const { shown, said } = await play(`http://me:se%40cret@127.0.0.1:${port}/the/app/`)
    expect(shown).toBe(`http://127.0.0.1:${port}/the/app`)
    expect(new Set(asked.map(({ url }) => url))).toEqual(new Set(['/the/app/', '/the/app/ok']))
    const basic = `Basic ${Buffer.from('me:se@cret').toString('base64')}`
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([basic]))
    const secrets = /se%40cret|se@cret|bWU6c2VAY3JldA/
    expect(said).not.toMatch(secrets)
    const results = await readdir(join(directory, 'results'), { recursive: true, withFileTypes: true })
    const files = results.filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(0)
    for (const { parentPath, name } of files)
      expect(await readFile(join(parentPath, name), 'utf8')).not.toMatch(secrets)
  })

  it('may have an address of IPv6, and any certificate with --insecure', async () => {
    const port = await open(createSecureServer(tls, shop), '::1')
    const { shown } = await play(`https://[::1]:${port}`, {}, '--insecure')
    expect(shown).toBe(`https://[::1]:${port}`)
  })

  it('may have a private authority, named in NODE_EXTRA_CA_CERTS', async () => {
    const port = await open(createSecureServer(tls, shop))
    await play(`https://127.0.0.1:${port}`, { NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') })
  })

  it('is asked through the proxy of its protocol, with an authority in SSL_CERT_FILE, and the collector is not', async () => {
    const seen: string[] = []
    const port = await open(createSecureServer(tls, shop))
    const proxy = await open(proxyTo(port, seen))
    await play('https://shop.test', {
      SSL_CERT_FILE: join(directory, 'ca.pem'),
      https_proxy: `http://127.0.0.1:${proxy}`,
      // Nobody is asked there for anything.
      HTTP_PROXY: 'http://127.0.0.1:1',
    })
    expect(new Set(seen)).toEqual(new Set(['CONNECT shop.test:443']))
  })

  it('is asked in plain through a proxy in plain, unless NO_PROXY names it', async () => {
    const seen: string[] = []
    const port = await open(createServer(shop))
    const proxy = await open(proxyTo(port, seen))
    const env = { HTTP_PROXY: `http://127.0.0.1:${proxy}` }
    await play('http://shop.test/app', env)
    expect(new Set(seen)).toEqual(new Set(['GET http://shop.test/app/', 'GET http://shop.test/app/ok']))
    const { stderr, exitCode } = await use('http://shop.test', { ...env, NO_PROXY: '.test' })
    expect(stderr).toMatch(/shop\.test does not answer \(.*(ENOTFOUND|EAI_AGAIN).*\) — check the name/)
    expect(exitCode).toBe(64)
  })

  it('says why it cannot be asked, and what to do', async () => {
    const [secure, plain] = [await open(createSecureServer(tls, shop)), await open(createServer(shop))]
    const picky = createServer((_, response) => void response.writeHead(407).end())
    picky.on('connect', (_, socket) => void socket.end('HTTP/1.1 407 Who asks\r\n\r\n'))
    const proxy = await open(picky)
    const trusted = { NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') }
    const broken = { SSL_CERT_FILE: journey }
    const typedThere = { SSL_CERT_FILE: 'journey.ts', INIT_CWD: directory }
    const used = await Promise.all([
      use(`https://127.0.0.1:${secure}`),
      use(`https://localhost:${secure}`, trusted),
      use(`https://127.0.0.1:${plain}`),
      use(`https://127.0.0.1:${secure}`, broken),
      use(`https://127.0.0.1:${secure}`, typedThere),
      use('http://shop.test', { HTTP_PROXY: `http://127.0.0.1:${proxy}` }),
      use('http://shop.test', { HTTP_PROXY: `socks5://127.0.0.1:${proxy}` }),
      use('https://shop.test', { HTTPS_PROXY: `http://me:word@127.0.0.1:${proxy}` }),
    ])
    expect(used.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(
        /does not answer \(.*(first|local issuer) certificate.*NODE_EXTRA_CA_CERTS.*--insecure/,
      ),
      expect.stringMatching(
        /localhost:\d+ does not answer \(.*altnames.*give the name that the certificate is of/,
      ),
      expect.stringMatching(/does not answer \(.*it speaks no TLS at this port/),
      expect.stringMatching(/SSL_CERT_FILE is \S+journey\.ts, which holds no certificate/),
      expect.stringContaining(`SSL_CERT_FILE is ${journey}, which holds no certificate`),
      expect.stringMatching(/proxy 127\.0\.0\.1:\d+ of HTTP_PROXY \(.*the proxy wants to know who asks/),
      expect.stringMatching(/HTTP_PROXY is a proxy of socks5:\/\/, which is not supported — name one/),
      expect.stringMatching(/proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY \(.*the proxy wants to know who asks/),
    ])
    expect(used.map(({ exitCode }) => exitCode)).toEqual([64, 64, 64, 64, 64, 64, 64, 64])
  })
})

/** An authority, and a certificate of its for shop.test and 127.0.0.1; the authority stays in ca.pem. */
async function certificates(directory: string): Promise<{ key: string; cert: string }> {
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: directory })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=A private authority']
  await openssl('req', '-x509', ...key, ...ca, '-days', '2')
  await openssl('req', ...key, '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=shop.test')
  await writeFile(join(directory, 'names'), 'subjectAltName=DNS:shop.test,IP:127.0.0.1')
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  await openssl('x509', '-req', '-in', 'own.csr', ...by, '-days', '2', '-out', 'own.pem')
  const read = (name: string) => readFile(join(directory, name), 'utf8')
  return { key: await read('own.key'), cert: await read('own.pem') }
}
