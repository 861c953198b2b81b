import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { organisationAt, organisationOf, userAt } from '@headroom/fixtures/population.ts'
import { describe, expect, it } from 'vitest'
import { probePopulation } from './probe.ts'

const population = { seed: 1, organisations: 8, users: 120 }

async function probed(listener: RequestListener): Promise<string | null> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await probePopulation(`http://127.0.0.1:${port}`, population, 'a secret of the seed')
  } finally {
    server.close().closeAllConnections()
  }
}

const meOf = (index: number) => ({
  user: { id: userAt(population, index).id },
  organisation: { canary: organisationAt(population, organisationOf(population, index)).canary },
})

describe('a target that is asked who its users are', () => {
  it('is right where it knows the first, a middle and the last of the population', async () => {
    const indices = [0, 60, 119]
    expect(await probed((_, response) => response.end(JSON.stringify(meOf(indices.shift() ?? 0))))).toBeNull()
  })

  it.each([
    ['the page of a single-page app', '<!doctype html><title>App</title>'],
    ['null', 'null'],
    ['nothing', ''],
    ['other JSON', '{"ok":true}'],
    ['half of its JSON', '{"user":{"id":'],
  ])('is told to answer no user in JSON where a 200 brings %s', async (_, body) => {
    expect(await probed((_, response) => response.end(body))).toMatch(
      /^the target is no Worklane.*GET \/v1\/me for user 0 .* answered 200 with what is no user in JSON/,
    )
  })

  it('holds another population where the user is somebody else', async () => {
    expect(await probed((_, response) => response.end(JSON.stringify(meOf(7))))).toMatch(
      /^the target holds another population: user 0 /,
    )
    const alone = { user: meOf(0).user, organisation: null }
    expect(await probed((_, response) => response.end(JSON.stringify(alone)))).toMatch(/another population/)
  })

  it.each<[string, RequestListener]>([
    ['breaks off', (_, response) => void response.write('{"user":', () => response.destroy())],
    ['hangs', (_, response) => void response.write('{"user":')],
  ])(
    'does not answer where the body %s',
    async (_, listener) => {
      expect(await probed(listener)).toMatch(/^the target does not answer for user 0 .*/)
    },
    30_000,
  )
})
