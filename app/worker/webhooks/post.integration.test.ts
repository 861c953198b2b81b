import { request } from 'node:http'
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LookUp } from './look-up.ts'
import { post } from './post.ts'
import { type NameServer, startNameServer } from './testing/name-server.ts'
import { type Receiver, startReceiver } from './testing/receiver.ts'

const local = { address: '127.0.0.1', family: 4 }
/** A public one, to which nothing is ever sent here. */
const elsewhere = { address: '8.8.8.8', family: 4 }
/** Where nobody listens: it stands for what a name led to when it was looked at. */
const looked = { address: '127.0.0.2', family: 4 }
const message = { headers: { 'content-type': 'application/json' }, body: '{"said":1}' }
const never = new AbortController().signal
const safe = { allowPrivate: false, timeoutMs: 2_000 }
const open = { allowPrivate: true, timeoutMs: 10_000 }
const notPublic = 'The address is not a public one: nothing was sent.'

/** Answers each in its turn, the last one from then on. */
function lookingUp(...answers: { address: string; family: number }[][]): LookUp & { asked: string[] } {
  const asked: string[] = []
  return Object.assign(
    async (name: string) => answers[Math.min(asked.push(name), answers.length) - 1] ?? [],
    { asked },
  )
}

describe('what is sent to an address that a customer chose', () => {
  let receiver: Receiver
  let inside: Server
  let connections = 0
  let insidePort: number

  beforeEach(async () => {
    receiver = await startReceiver()
    // Something inside of our network, at the only port that is taken.
    connections = 0
    inside = createServer((socket) => {
      connections++
      socket.destroy()
    })
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
    insidePort = (inside.address() as { port: number }).port
  })
  afterEach(async () => {
    await receiver.close()
    inside.close()
  })

  it('arrives as it is, and brings back what was answered', async () => {
    const answer = await post({ ...message, url: `${receiver.url}/hook?a=b` }, never, open)
    expect(answer).toEqual({ status: 200, error: null, response: 'taken', askedPauseMs: null })
    expect(receiver.received).toEqual([expect.objectContaining({ path: '/hook?a=b', body: message.body })])
  })

  it.each([
    'https://127.0.0.1:8443/',
    'https://2130706433:8443/',
    'https://0x7f.1:8443/',
    'https://0177.0.0.1:8443/',
    'https://[::1]:8443/',
    'https://[::ffff:127.0.0.1]:8443/',
    'https://[64:ff9b::7f00:1]:8443/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0.0.0.0:8443/',
    'http://hooks.example.test/',
    'https://hooks.example.test:6379/',
  ])('goes nowhere where the address is %s', async (url) => {
    const lookUp = lookingUp([elsewhere])
    expect(await post({ ...message, url }, never, { ...safe, lookUp })).toMatchObject({
      status: null,
      error: notPublic,
    })
    expect(lookUp.asked).toEqual([])
  })

  it.each([
    ['this machine', [local]],
    ['a private network, among public addresses', [elsewhere, { address: '10.0.0.7', family: 4 }]],
    ['this machine, as an IPv6 address', [{ address: '::ffff:127.0.0.1', family: 6 }]],
    ['cloud metadata', [{ address: '169.254.169.254', family: 4 }]],
    ['a private network of IPv6', [{ address: 'fd12::1', family: 6 }]],
  ])('goes nowhere where the name leads to %s, and does not say where that is', async (_, addresses) => {
    const lookUp = lookingUp(addresses)
    const answer = await post({ ...message, url: 'https://hooks.example.test/' }, never, { ...safe, lookUp })
    expect(answer).toMatchObject({ status: null, error: notPublic, response: '' })
    expect(lookUp.asked).toEqual(['hooks.example.test'])
  })

  it('goes where the name led when it was looked at, whatever it leads to a moment later', async () => {
    const url = `http://rebinding.example.test:${insidePort}/`
    // The way that is no way: looked at first, and asked for again by whoever connects.
    const naive = async (lookUp: LookUp) => {
      const first = await lookUp('rebinding.example.test', never)
      if (first.some(({ address }) => address === local.address)) return
      const asked = request(url, {
        agent: false,
        lookup: (name, _, callback) =>
          void lookUp(name, never).then((found) => callback(null, found as never)),
      })
      await new Promise((resolve) => asked.on('error', resolve).on('response', resolve).end())
    }
    await naive(lookingUp([looked], [local]))
    expect(connections).toBe(1)

    const lookUp = lookingUp([looked], [local])
    expect(await post({ ...message, url }, never, { ...open, lookUp })).toMatchObject({
      error: 'The connection was refused.',
    })
    expect(lookUp.asked).toEqual(['rebinding.example.test'])
    expect(connections).toBe(1)
  })

  it('follows no redirect', async () => {
    const redirecting = await startReceiver({ location: `http://127.0.0.1:${insidePort}/` })
    redirecting.answer = () => 307
    expect(await post({ ...message, url: redirecting.url }, never, open)).toMatchObject({ status: 307 })
    expect(connections).toBe(0)
    await redirecting.close()
  })

  it('goes by no proxy of the environment', async () => {
    const proxy = `http://127.0.0.1:${insidePort}`
    const before = { ...process.env }
    Object.assign(process.env, {
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      ALL_PROXY: proxy,
      NODE_USE_ENV_PROXY: '1',
    })
    try {
      expect(await post({ ...message, url: receiver.url }, never, open)).toMatchObject({ status: 200 })
    } finally {
      for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'])
        delete process.env[name]
      Object.assign(process.env, before)
    }
    expect(connections).toBe(0)
  })

  it('waits so long for an answer, and no longer', async () => {
    receiver.answer = () => new Promise(() => {})
    const began = performance.now()
    expect(await post({ ...message, url: receiver.url }, never, { ...open, timeoutMs: 300 })).toEqual({
      status: null,
      error: 'No answer within 0.3 seconds.',
      response: '',
      askedPauseMs: null,
    })
    const slow: LookUp = () => new Promise(() => {})
    const named = { ...message, url: 'https://hooks.example.test/' }
    expect(await post(named, never, { ...safe, timeoutMs: 300, lookUp: slow })).toMatchObject({
      error: 'No answer within 0.3 seconds.',
    })
    expect(performance.now() - began).toBeLessThan(30_000)
  })

  it('is said to be unknown where the worker is told to end meanwhile', async () => {
    const ending = new AbortController()
    receiver.answer = () => {
      ending.abort(new Error('the worker ends'))
      return new Promise(() => {})
    }
    await expect(post({ ...message, url: receiver.url }, ending.signal, open)).rejects.toThrow(
      'the worker ends',
    )
  })

  it('is answered by a status, and of the rest a kibibyte is kept, or what came of it', async () => {
    const { createServer: createHttp } = await import('node:http')
    const server = createHttp((asked, response) => {
      asked.resume()
      response.writeHead(200)
      if (asked.url === '/endless') response.write('and so on '.repeat(10_000))
      else if (asked.url === '/open') response.write('begun')
      else response.end(Buffer.from([0x61, 0, 0xff, 0x62]))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const ask = (path: string) =>
      post({ ...message, url: origin + path }, never, { ...open, timeoutMs: 1_000 })
    const endless = await ask('/endless')
    expect([endless.status, endless.response.length]).toEqual([200, 1_024])
    expect(await ask('/open')).toEqual({ status: 200, error: null, response: 'begun', askedPauseMs: null })
    expect(await ask('/bytes')).toEqual({
      status: 200,
      error: null,
      response: 'a\ufffdb',
      askedPauseMs: null,
    })
    server.close().closeAllConnections()
  })

  // To many at once there is no connection, which the kernel says at once; so it does of IPv6 where it has no way there.
  it.each([['one address', 1] as const, ['several addresses', 2] as const])(
    'fails by itself alone where a connection to %s fails at once',
    async (_, count) => {
      const lookUp = lookingUp(
        Array.from({ length: count }, () => ({ address: '255.255.255.255', family: 4 })),
      )
      const url = 'https://hooks.example.test:8443/'
      expect(await post({ ...message, url }, never, { ...open, lookUp })).toMatchObject({
        error: 'The address cannot be reached.',
      })
    },
  )

  it('finds what only this machine has a name for, where private addresses are allowed', async () => {
    const url = receiver.url.replace('127.0.0.1', 'localhost')
    expect(await post({ ...message, url }, never, open)).toMatchObject({ status: 200 })
  })

  it('says in words why nothing answered', async () => {
    const said = async (url: string, limits: Parameters<typeof post>[2] = open) =>
      (await post({ ...message, url }, never, limits)).error
    const closed = await startReceiver()
    await closed.close()
    expect(await said(closed.url)).toBe('The connection was refused.')
    expect(await said(`http://127.0.0.1:${insidePort}/`)).toBe('The connection was cut off.')
    expect(await said(receiver.url.replace('http:', 'https:'))).toMatch(/^No safe connection: /)
    const nothing = { ...safe, lookUp: lookingUp([]) }
    expect(await said('https://nowhere.example.test/', nothing)).toBe('The name leads to no address.')
  })
})

describe('the name of an address that a customer chose', () => {
  let server: NameServer
  const ask = (name: string, timeoutMs: number) =>
    post({ ...message, url: `https://${name}/` }, never, {
      allowPrivate: false,
      timeoutMs,
      nameServers: [server.address],
    })

  beforeEach(async () => {
    server = await startNameServer({
      'inside.example.test': { A: '10.0.0.7' },
      'inside-six.example.test': { AAAA: 'fd12::1' },
      'half-silent.example.test': { A: '10.0.0.7', AAAA: 'silence' },
      'silent.example.test': { A: 'silence', AAAA: 'silence' },
      'broken.example.test': { A: 'failure', AAAA: 'failure' },
      'empty.example.test': {},
    })
  })
  afterEach(() => server.close())

  it('whose server is silent delays no other one, however many of them are asked for', async () => {
    const silent = Array.from({ length: 16 }, () => 'silent.example.test')
    const errors = await Promise.all(
      [...silent, 'inside.example.test', 'inside-six.example.test'].map(async (name) => {
        const { error } = await ask(name, 3_000)
        return error
      }),
    )
    const late = silent.map(() => 'No answer within 3 seconds.')
    expect(errors).toEqual([...late, notPublic, notPublic])
    // Of each name both questions came at first, and not once one of the silent had been given up.
    const first = server.asked.slice(0, 2 * errors.length)
    expect(first.filter((question) => question.startsWith('silent'))).toHaveLength(2 * silent.length)
    expect(first.filter((question) => question.startsWith('inside'))).toHaveLength(4)
  })

  it('is asked for no longer once its time is over', async () => {
    expect(await ask('silent.example.test', 200)).toMatchObject({ error: 'No answer within 0.2 seconds.' })
    const before = server.asked.length
    // Longer than until the question would be asked once more.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(server.asked.length).toBe(before)
  })

  it('leads where it does for one family of addresses, where nothing is said of the other one', async () => {
    expect(await ask('half-silent.example.test', 30_000)).toMatchObject({ error: notPublic })
  })

  it.each([
    ['broken.example.test', 'The name could not be looked up.'],
    ['empty.example.test', 'The name leads to no address.'],
    ['unknown.example.test', 'The name leads to no address.'],
  ])('that leads nowhere is said to do so: %s', async (name, error) => {
    expect(await ask(name, 30_000)).toMatchObject({ status: null, error })
  })
})
