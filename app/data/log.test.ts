import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLog } from './log.ts'

function logged(error: unknown): string {
  let text = ''
  const into = new Writable({
    write(chunk, _, done) {
      text += chunk
      done()
    },
  })
  createLog('test', into).error({ err: error }, 'failed')
  return text
}

/** As ioredis does to errors of the server. */
const ofCommand = (error: Error) =>
  Object.assign(error, { command: { name: 'auth', args: ['app', 'geheim'] } })

it.each<[string, () => unknown]>([
  ['of a command that failed', () => ofCommand(new Error('WRONGPASS'))],
  [
    'below another',
    () => Object.assign(new Error('all failed'), { lastNodeError: ofCommand(new Error('WRONGPASS')) }),
  ],
  ['of several', () => new AggregateError([ofCommand(new Error('WRONGPASS'))])],
  [
    'of a URL',
    () => {
      try {
        return new URL('postgres://app:geheim@h:port/d')
      } catch (error) {
        return error
      }
    },
  ],
])('an error %s is told without what the library was given', (_, error) => {
  const text = logged(error())
  expect(JSON.parse(text)).toMatchObject({ err: { message: expect.any(String), stack: expect.any(String) } })
  expect(text).not.toContain('geheim')
})
