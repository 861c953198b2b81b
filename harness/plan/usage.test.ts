import { describe, expect, it } from 'vitest'
import { exitCodeOfCrash, shellWord, withoutUserInfo } from './usage.ts'

describe('the exit code of a crash', () => {
  it.each(['loadtest', 'collect', 'lighthouse', 'gate', 'history', 'bench'])(
    'of %s is no verdict on the app',
    (command) => {
      expect(exitCodeOfCrash(command)).toBe(2)
    },
  )

  it.each(['test', 'check', 'generate', undefined])('of %s is a failure', (command) => {
    expect(exitCodeOfCrash(command)).toBe(1)
  })
})

it.each([
  ['/usr/bin/python3', '/usr/bin/python3'],
  ['/tmp/head room x', "'/tmp/head room x'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
])('the path %j is one word of a shell', (path, word) => {
  expect(shellWord(path)).toBe(word)
})

it.each([
  'password=geheim',
  'host=db password=geheim user=app',
  'host=db password = geheim user=app',
  'host = db user = app password= geheim',
  "password = 'geheim with blanks' user=app",
  "password='it\\'s geheim' user=app",
  'PASSWORD="a \\" geheim"',
  'password=with\\ geheim',
  'pwd =\tgeheim',
  "password='geheim that never ends",
  '?user=a&password=geheim&x=1',
])('a text is printed without the password of %s', (text) => {
  const printed = withoutUserInfo(`--target ${text} is no address`)
  expect(printed).not.toContain('geheim')
  expect(printed).toContain('***')
})
