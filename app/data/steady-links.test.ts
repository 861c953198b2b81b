import { describe, expect, it } from 'vitest'
import type { BlobKey } from './blob-keys.ts'
import { steadyLinks, steadyMs } from './steady-links.ts'

const settings = {
  endpoint: 'http://127.0.0.1:9000',
  publicEndpoint: 'https://worklane.test',
  bucket: 'files',
  region: 'auto',
  accessKeyId: 'key',
  secretAccessKey: 'secret',
}
const key = (name: string) => `pictures/people/${name}` as BlobKey
const begin = Math.ceil(Date.parse('2026-11-30T10:00:00Z') / steadyMs) * steadyMs

describe('a link to a small picture', () => {
  it('stays the same for half an hour, in every process, and is another one then', () => {
    let now = begin
    const [here, there] = [steadyLinks(settings, () => now), steadyLinks(settings, () => now)]
    const first = here(key('ada'))
    now = begin + steadyMs - 1
    expect([here(key('ada')), there(key('ada'))]).toEqual([first, first])
    now = begin + steadyMs
    expect(here(key('ada'))).not.toBe(first)
  })

  it.each([0, 1, steadyMs - 1])(
    'is good for half an hour or more when it is handed out, %i ms into its time',
    (into) => {
      const now = begin + into
      const { searchParams } = new URL(steadyLinks(settings, () => now)(key('ada')))
      const [, ...parts] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date') ?? '') ?? []
      const [year = 0, month = 0, ...rest] = parts.map(Number)
      const signedAt = Date.UTC(year, month - 1, ...(rest as [number, number, number, number]))
      const goodUntil = signedAt + Number(searchParams.get('X-Amz-Expires')) * 1_000
      expect(signedAt).toBe(begin)
      expect(goodUntil - now).toBeGreaterThan(steadyMs)
    },
  )

  it('is of the address that browsers know, and signed for its own key alone', () => {
    const link = steadyLinks(settings, () => begin)
    const [ada, bob] = [new URL(link(key('ada'))), new URL(link(key('bob')))]
    expect([ada.origin, ada.pathname]).toEqual(['https://worklane.test', '/files/pictures/people/ada'])
    expect(ada.searchParams.get('X-Amz-Signature')).not.toBe(bob.searchParams.get('X-Amz-Signature'))
    expect(ada.href).not.toContain('secret')
  })
})
