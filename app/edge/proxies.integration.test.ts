import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEdge } from '../../harness/stack/edge.ts'
import { type Guard, startGuard } from '../../harness/stack/guard.ts'
import type { Part } from '../../harness/stack/part.ts'
import { type PortBlock, takePortBlock } from '../../harness/stack/ports.ts'
import { provide } from '../../harness/toolchain/provide.ts'

/** The caller is loopback here, and says that somebody else is, as a load balancer does. */
describe('the edge', () => {
  const parts: Part[] = []
  let guard: Guard
  let ports: PortBlock
  let directory: string
  let upstream: Server
  let asked: IncomingHttpHeaders = {}

  beforeAll(async () => {
    guard = startGuard()
    ports = await takePortBlock()
    directory = await mkdtemp(join(tmpdir(), 'worklane-proxies-'))
    upstream = createServer((request, response) => {
      asked = request.headers
      response.end('here')
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.stop()))
    upstream.close().closeAllConnections()
    ports.release()
    guard.end()
    await rm(directory, { recursive: true, force: true })
  })

  /** What the API is told of a caller, with these networks in front of the edge. */
  async function toldWith(trustedProxies: string[], headers: Record<string, string>) {
    const [port, { nginx }] = [await ports.next(), await provide(['nginx'])]
    const { port: api } = upstream.address() as AddressInfo
    parts.push(
      await startEdge({
        guard,
        program: nginx.path,
        directory: await mkdtemp(join(directory, 'edge-')),
        logFile: join(directory, 'edge.log'),
        ports: { edge: port, web: [api], api: [api] },
        store: null,
        build: undefined,
        compress: true,
        trustedProxies,
      }),
    )
    await (await fetch(`http://127.0.0.1:${port}/v1/me`, { headers })).text()
    return [asked['x-forwarded-for'], asked['x-forwarded-proto']]
  }
  const said = { 'x-forwarded-for': '192.0.2.1, 203.0.113.9', 'x-forwarded-proto': 'https' }

  it('believes who stands in front of it who the caller is, and not what the caller wrote before', async () => {
    expect(await toldWith(['127.0.0.0/8'], said)).toEqual(['203.0.113.9', 'https'])
    expect(await toldWith(['127.0.0.0/8', '203.0.113.0/24'], said)).toEqual(['192.0.2.1', 'https'])
  })

  it('believes nobody else', async () => {
    expect(await toldWith(['10.0.0.0/8'], said)).toEqual(['127.0.0.1', 'http'])
    expect(await toldWith([], said)).toEqual(['127.0.0.1', 'http'])
  })
})
