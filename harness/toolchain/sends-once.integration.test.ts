import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { provide } from './provide.ts'
import { isMarked, sendsOnce } from './sends-once.ts'

const requests = 40
const script = `
import http from 'k6/http'
export const options = { scenarios: { all: { executor: 'per-vu-iterations', vus: 1, iterations: 1 } } }
export default async () => {
  let failed = 0
  for (let n = 0; n < ${requests}; n++) {
    const answer = await http.asyncRequest('GET', __ENV.TARGET, null, { headers: { 'Idempotency-Key': String(n) } })
    if (answer.status === 0) failed++
  }
  console.log('failed ' + failed)
}
`

describe('k6 against a server that hangs up on every fourth request of a kept connection', () => {
  it('fails as many requests as the server did, when Headroom built it, and else hides them', async () => {
    let asked = 0
    let hungUp = 0
    const server = createServer((request, response) => {
      if (++asked % 4 > 0) return void response.end('fine')
      hungUp++
      request.socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const directory = await mkdtemp(join(tmpdir(), 'headroom-sends-once-'))
    try {
      const { k6 } = await provide(['k6'])
      const file = join(directory, 'script.js')
      await writeFile(file, script)
      const { stderr } = await execa(
        k6.path,
        ['run', '--quiet', '--summary-mode=disabled', '--address', '', file],
        { env: { TARGET: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } },
      )
      const failed = Number(/failed (\d+)/.exec(stderr)?.[1])
      expect(hungUp).toBeGreaterThanOrEqual(requests / 4)
      expect(failed).toBe((await isMarked(k6.path)) ? hungUp : 0)
    } finally {
      server.close().closeAllConnections()
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('is built so only where Go has the place for it', () => {
    const text = 'x\nfunc (r *Request) isReplayable() bool {\n\treturn true\n}\n'
    expect(sendsOnce.change(text)).toContain('{\n\tif true {\n\t\treturn false')
    expect(sendsOnce.change('func (r *Request) canBeRepeated() bool {\n')).not.toContain('return false')
  })
})
