import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEdge } from '../../harness/stack/edge.ts'
import { type Guard, startGuard } from '../../harness/stack/guard.ts'
import type { Part } from '../../harness/stack/part.ts'
import { provide } from '../../harness/toolchain/provide.ts'

const long = 'x'.repeat(5_000)

describe('the edge', () => {
  const servers: Server[] = []
  const asked: Record<string, IncomingMessage> = {}
  /** A moment between the parts of a stream, or before a page. */
  let pause = 0
  /** What the pages answer beside their text, as the case has it. */
  let said: Record<string, string> = {}
  let answered = 0
  let ended = false
  let guard: Guard
  let directory: string
  let edge: Part
  let origin: string

  const upstream = async (name: string): Promise<number> => {
    const server = createServer((request, response) => {
      asked[name] = request
      if (request.url?.endsWith('/events')) return stream(response)
      if (request.url === '/shell') return shellFirst(response)
      const type = request.url?.startsWith('/rsc') ? 'text/x-component' : 'text/html'
      answered++
      const text = `${name} ${answered} ${long}`
      // As a store does, and the API: an answer before the end of what was sent would break it off.
      request
        .resume()
        .once('end', () =>
          setTimeout(() => response.writeHead(200, { 'content-type': type, ...said }).end(text), pause),
        )
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  /** Three events, and a moment before each; they end when their listener goes. */
  function stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let sent = 0
    const timer = setInterval(() => {
      if (sent < 3) response.write(`data: ${sent++}\n\n`)
    }, 300)
    response.on('close', () => {
      clearInterval(timer)
      ended = true
    })
  }

  /** A page whose data takes longer than its shell, as React streams it. */
  function shellFirst(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.write(`<p>shell</p>${long}`)
    setTimeout(() => response.end('<p>data</p>'), 800)
  }

  beforeAll(async () => {
    const { nginx } = await provide(['nginx'])
    guard = startGuard()
    directory = await mkdtemp(join(tmpdir(), 'headroom of "$1"; edge-'))
    const staticDirectory = join(directory, 'static')
    await mkdir(staticDirectory)
    await writeFile(join(staticDirectory, 'app.js'), long)
    await writeFile(join(staticDirectory, 'app.js.gz'), gzipSync(long))
    await writeFile(join(staticDirectory, 'app.js.br'), brotliCompressSync(long))
    await writeFile(join(staticDirectory, 'only.js'), long)
    await writeFile(join(staticDirectory, 'only.js.gz'), gzipSync(long))
    const [web, api, port] = [await upstream('web'), await upstream('api'), await upstream('port')]
    // A port that was free a moment ago.
    await new Promise((resolve) => servers.pop()?.close(resolve))
    origin = `http://127.0.0.1:${port}`
    edge = await startEdge({
      guard,
      program: nginx.path,
      directory,
      logFile: join(directory, 'edge.log'),
      ports: { edge: port, web: [web], api: [api] },
      store: { port: await upstream('store'), bucket: 'worklane-files' },
      build: { server: '', directory: '', staticDirectory },
      compress: true,
    })
  })
  afterAll(async () => {
    await edge.stop()
    guard.end()
    for (const server of servers) server.close().closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  })

  /** As it is: fetch would encode the path, and refuse some methods itself. */
  const asRaw = (path: string, { method = 'GET', body, headers }: RequestInit) =>
    new Promise<{ status: number; type: string; head: string; body: string }>((resolve, reject) => {
      const { port } = new URL(origin)
      const asked = connect(Number(port), '127.0.0.1')
      const fields = { Host: 'edge', Connection: 'close', ...(headers as Record<string, string>) }
      const length = body === undefined ? {} : { 'Content-Length': String((body as string).length) }
      const head = Object.entries({ ...fields, ...length }).map(([name, value]) => `${name}: ${value}\r\n`)
      let text = ''
      asked.on('data', (data) => {
        text += data
      })
      // The edge closes while it is still being told.
      asked.on('error', () => {})
      asked.on('close', () => {
        const [, status = '', type = '', answer = ''] =
          /^HTTP\/1\.1 (\d+)[\s\S]*?Content-Type: (\S+)\r\n[\s\S]*?\r\n\r\n([\s\S]*)$/i.exec(text) ?? []
        if (status === '') reject(new Error(`no answer: ${text.slice(0, 200)}`))
        else resolve({ status: Number(status), type, head: text.slice(0, -answer.length), body: answer })
      })
      asked.write(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${body ?? ''}`)
    })

  const get = (path: string, headers: Record<string, string> = {}) => fetch(origin + path, { headers })

  it.each(['/v1/me', '/trpc/me.get', '/openapi.json'])('sends %s to the API', async (path) => {
    expect(await (await get(path)).text()).toMatch(/^api /)
  })

  it.each(['/', '/dashboard', '/v10', '/api/auth/session'])('sends %s to the pages', async (path) => {
    expect(await (await get(path)).text()).toMatch(/^web /)
  })

  it.each(['identity', 'gzip', 'gzip, deflate, br, zstd'])(
    'sends the shell of a page before its data has come, packed as %s',
    async (accepted) => {
      const began = performance.now()
      const page = await get('/shell', { 'accept-encoding': accepted })
      const body = page.body?.getReader()
      const first = await body?.read()
      expect(performance.now() - began).toBeLessThan(500)
      expect(new TextDecoder().decode(first?.value)).toContain('<p>shell</p>')
      let rest = ''
      for (let part = await body?.read(); part && !part.done; part = await body?.read())
        rest += new TextDecoder().decode(part.value)
      expect(rest).toContain('<p>data</p>')
      expect(performance.now() - began).toBeGreaterThan(700)
    },
  )

  it.each([
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, br;q=1.0', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['gzip, brotli', 'gzip'],
    ['identity', null],
  ])('answers for static files itself, to %s packed as %s, and for ever', async (accepted, packed) => {
    const response = await get('/_next/static/app.js', { 'accept-encoding': accepted })
    expect(response.headers.get('content-encoding')).toBe(packed)
    expect(response.headers.get('content-type')).toMatch('/javascript')
    expect(response.headers.get('vary')).toBe('Accept-Encoding')
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await response.text()).toBe(long)
  })

  it('sends what it has when that is not packed as asked', async () => {
    const response = await get('/_next/static/only.js', { 'accept-encoding': 'gzip, br' })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await response.text()).toBe(long)
  })

  it('shows what is packed under no other address', async () => {
    expect((await get('/_brotli/app.js')).status).toBe(404)
    expect((await get('/_next/static/none.js', { 'accept-encoding': 'br' })).status).toBe(404)
  })

  it.each(['/page', '/rsc'])('packs what %s answers', async (path) => {
    expect((await get(path, { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBe('gzip')
    expect((await get(path, { 'accept-encoding': 'identity' })).headers.get('content-encoding')).toBeNull()
  })

  it.each(['trace-12345678', '0'.repeat(32), 'bad id;'])(
    'gives each request an id, not %j of its caller',
    async (id) => {
      const made = (await get('/v1/me', { 'x-request-id': id })).headers.get('x-request-id')
      expect(made).toMatch(/^[0-9a-f]{32}$/)
      expect(made).not.toBe(id)
      expect(asked.api?.headers['x-request-id']).toBe(made)
    },
  )

  it('lets nobody pretend to be Next, or another host', async () => {
    await get('/dashboard', { 'x-middleware-subrequest': 'proxy:proxy', 'x-forwarded-for': '10.0.0.1' })
    expect(asked.web?.headers['x-middleware-subrequest']).toBeUndefined()
    expect(asked.web?.headers['x-forwarded-for']).toBe('127.0.0.1')
  })

  /** Two requests for one page, one after the other: what X-Cache said of each. */
  async function twice(path: string, answer: Record<string, string>, headers: Record<string, string> = {}) {
    said = answer
    const first = await get(path, headers)
    const second = await get(path, headers)
    said = {}
    const [one, two] = [await first.text(), await second.text()]
    return { states: [first, second].map((response) => response.headers.get('x-cache')), same: one === two }
  }

  const shared = { 'cache-control': 's-maxage=60, stale-while-revalidate=600' }

  it.each(['/', '/pricing', '/docs', '/sign-in'])('answers for %s itself the second time', async (path) => {
    expect(await twice(path, shared)).toEqual({ states: ['MISS', 'HIT'], same: true })
  })

  it.each([
    ['that sets a cookie', { ...shared, 'set-cookie': 'a=b' }],
    ['that is private', { 'cache-control': 'private, s-maxage=60' }],
    ['that may not be stored', { 'cache-control': 'no-store' }],
    ['that says nothing of caching', {}],
  ])('keeps no page %s', async (what, answer) => {
    const { states, same } = await twice(`/pricing?${encodeURIComponent(what)}`, answer)
    expect({ states, same }).toEqual({ states: ['MISS', 'MISS'], same: false })
  })

  it.each(['authjs.session-token', '__Secure-authjs.session-token'])(
    'neither gives a kept page to who has the cookie %s, nor keeps theirs',
    async (name) => {
      const path = `/docs?${name}`
      const theirs = await twice(path, shared, { cookie: `theme=dark; ${name}=x` })
      expect(theirs).toEqual({ states: ['BYPASS', 'BYPASS'], same: false })
      expect((await twice(path, shared)).states).toEqual(['MISS', 'HIT'])
    },
  )

  it('keeps no link that was mailed to sign in, whose token would stand on the disk', async () => {
    const link = (token: string) => `/sign-in?callbackUrl=%2Fboard&token=${token}&email=ada%40example.com`
    expect(await twice(link('4f9d1c'), shared)).toEqual({ states: ['BYPASS', 'BYPASS'], same: false })
    // The known-bad case: the address of what is kept stands in its file.
    expect((await twice('/sign-in?next=%2Fboard', shared)).states).toEqual(['MISS', 'HIT'])
    expect(await kept('next=%2Fboard')).toBe(true)
    expect(await kept('4f9d1c')).toBe(false)
  })

  /** Whether these words stand in any file of the edge: its cache, its logs. */
  async function kept(words: string): Promise<boolean> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    const texts = entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'))
    return (await Promise.all(texts)).some((text) => text.includes(words))
  }

  it('tells a page from a client navigation to it', async () => {
    expect((await twice('/pricing?kind', shared)).states).toEqual(['MISS', 'HIT'])
    expect((await twice('/pricing?kind', shared, { rsc: '1' })).states).toEqual(['MISS', 'HIT'])
  })

  it('keeps no page of the app', async () => {
    expect(await twice('/dashboard', shared)).toEqual({ states: [null, null], same: false })
  })

  it('gives for a page that is too old the old one at once, and a new one to the next', async () => {
    const path = '/pricing?stale'
    const fresh = { 'cache-control': 's-maxage=1, stale-while-revalidate=60' }
    said = fresh
    const old = await (await get(path)).text()
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    // The pages are slow just now; nobody waits for them.
    pause = 5_000
    const started = performance.now()
    const stale = await get(path)
    expect([stale.headers.get('x-cache'), await stale.text()]).toEqual(['STALE', old])
    expect(performance.now() - started).toBeLessThan(4_000)
    const updated = async () => (await get(path)).text()
    await expect.poll(updated, { timeout: 20_000 }).not.toBe(old)
    pause = 0
    said = {}
  })

  /** When each event came, in milliseconds since the stream was asked for. */
  async function arrivals(path: string): Promise<number[]> {
    const started = performance.now()
    const listening = new AbortController()
    const response = await fetch(origin + path, { signal: listening.signal })
    const times: number[] = []
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (times.length < 3) {
      const { value = '' } = (await reader?.read()) ?? {}
      for (const _ of value.matchAll(/data: /g)) times.push(performance.now() - started)
    }
    listening.abort()
    return times
  }

  it('passes on each event of a board as it happens, and the end of the listener too', async () => {
    ended = false
    const [first = 0, , third = 0] = await arrivals('/v1/projects/1/events')
    expect(third - first).toBeGreaterThan(400)
    await expect.poll(() => ended, { timeout: 5_000 }).toBe(true)
  })

  it.each<[string, number, string, RequestInit]>([
    ['a path that is no path', 400, '/v1/%zz', {}],
    ['a method that nobody has', 405, '/v1/me', { method: 'TRACE' }],
    ['a body beyond all bounds', 413, '/v1/me', { method: 'POST', body: 'x'.repeat(2_200_000) }],
    ['the same for a page', 413, '/dashboard', { method: 'POST', body: 'x'.repeat(2_200_000) }],
    ['an address beyond all bounds', 414, `/v1/me?${'x'.repeat(40_000)}`, {}],
    ['headers beyond all bounds', 431, '/v1/me', { headers: { 'x-long': 'x'.repeat(12_000) } }],
  ])('refuses %s in the words of the API', async (_, status, path, init) => {
    const answer = await asRaw(path, init)
    expect(answer).toMatchObject({ status, type: 'application/problem+json' })
    expect(answer.head).toMatch(/X-Content-Type-Options: nosniff/)
    expect(/\nAllow: GET, /.test(answer.head)).toBe(status === 405)
    expect(JSON.parse(answer.body)).toMatchObject({
      status,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  it('tells of an API that is away in its words, and of pages in those of nginx', async () => {
    const { nginx } = await provide(['nginx'])
    const own = await mkdtemp(join(tmpdir(), 'headroom-edge-'))
    const port = await upstream('free')
    const gone = await upstream('gone')
    for (const _ of [port, gone]) await new Promise((resolve) => servers.pop()?.close(resolve))
    const lonely = await startEdge({
      ...{ guard, program: nginx.path, directory: own, logFile: join(own, 'edge.log'), compress: true },
      ports: { edge: port, web: [gone], api: [gone] },
      store: null,
      build: undefined,
    })
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    const answer = await ask('/v1/me')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/problem+json'])
    expect(await answer.json()).toMatchObject({ status: 502, requestId: answer.headers.get('x-request-id') })
    expect((await ask('/dashboard')).headers.get('content-type')).toBe('text/html')
    await lonely.stop()
    await rm(own, { recursive: true, force: true })
  })

  it('hands files on to the store and back: as they are signed, without a session, and never as a page', async () => {
    const answer = await fetch(`${origin}/worklane-files/orgs/a%20b/x?X-Amz-Signature=1`, {
      method: 'PUT',
      headers: { cookie: 'authjs.session-token=secret', authorization: 'Bearer wl_secret' },
      // Larger than any other request may be.
      body: Buffer.alloc(9 * 1024 * 1024),
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('store')])
    const { url, headers } = asked.store as IncomingMessage
    expect([url, headers.host]).toEqual([
      '/worklane-files/orgs/a%20b/x?X-Amz-Signature=1',
      new URL(origin).host,
    ])
    expect([headers.cookie, headers.authorization]).toEqual([undefined, undefined])
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; sandbox")
    // Beside it, and elsewhere, all is as before.
    expect(await (await fetch(`${origin}/worklane-files-of-others`)).text()).toContain('web')
  })

  it('hands on to the store nothing of a file that breaks off on its way', async () => {
    delete asked.store
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    const put = async (announced: number, sent: number) => {
      socket.write(`PUT /worklane-files/orgs/cut HTTP/1.1\r\nHost: x\r\nContent-Length: ${announced}\r\n\r\n`)
      await new Promise<void>((resolve) => socket.write(Buffer.alloc(sent), () => resolve()))
    }
    await put(1_000, 1_000)
    await expect.poll(() => asked.store?.url).toBe('/worklane-files/orgs/cut')
    delete asked.store
    await put(5_000_000, 2_000_000)
    await new Promise((resolve) => setTimeout(resolve, 500))
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(asked.store).toBeUndefined()
  })

  it('keeps the figures of the processes to itself', async () => {
    expect((await get('/metrics')).status).toBe(404)
  })
})
