import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'

/** A command line that does no more than the given program. */
async function command(
  words: string[],
  program: string,
  { shell = (line: string) => line, env = {} as Record<string, string> } = {},
) {
  const file = JSON.stringify(join(import.meta.dirname, 'ending.ts'))
  const text = `import { runToEnd } from ${file}; runToEnd(process.argv.slice(1), async () => { ${program} })`
  const quoted = [process.execPath, '--input-type=module', '-e', text, ...words].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  )
  const { exitCode, stderr, stdout } = await execa('bash', ['-c', shell(quoted.join(' '))], {
    reject: false,
    env: { NO_COLOR: '1', ...env },
    timeout: 20_000,
  })
  return { exitCode, stderr, stdout }
}

/** Each is something that nobody awaits or listens to. */
const unexpected: [string, string, RegExp][] = [
  ['an error in the command', `throw new TypeError('x is no y')`, /TypeError: x is no y\n +at /],
  ['an error that is none', `throw 'x is no y'`, /x is no y/],
  [
    'an error in a callback',
    `setTimeout(() => { throw new Error('late') }, 5); setInterval(() => {}, 1e6)`,
    /Error: late/,
  ],
  [
    'a rejected handler',
    `setInterval(async () => { throw new Error('every time') }, 5); await new Promise(() => {})`,
    /Error: every time/,
  ],
  ['a rejection without an error', `void Promise.reject('because'); setInterval(() => {}, 1e6)`, /because/],
  [
    'an error that nobody listens to',
    `const { EventEmitter } = await import('node:events'); setTimeout(() => new EventEmitter().emit('error', new Error('unheard')), 5); await new Promise((r) => setTimeout(r, 1e6))`,
    /Error: unheard/,
  ],
  [
    'a promise that never settles',
    `await new Promise(() => {})`,
    /waits for something that nothing can bring/,
  ],
  ['a module that is not there', `await import('nowhere-to-be-found')`, /Cannot find package/],
  [
    'a file of ours that is missing',
    `const { readFile } = await import('node:fs/promises'); await readFile('/nowhere/ours')`,
    /ENOENT.*\/nowhere\/ours/,
  ],
  [
    'an error after its verdict',
    `process.exitCode = 0; setTimeout(() => { throw new Error('late') }, 5)`,
    /Error: late/,
  ],
]

describe('what nobody expected', () => {
  it.each(unexpected)('is no verdict on the app, and is reported: %s', async (_, program, detail) => {
    const { exitCode, stderr } = await command(['loadtest'], program)
    expect(stderr).toMatch(/^✗ loadtest ended unexpectedly, so there is no verdict \(exit code 2\)/)
    expect(stderr).toMatch(detail)
    expect(stderr).toMatch(/report it with these lines, the command and what pnpm run doctor prints/)
    expect(exitCode).toBe(2)
  })

  it('is reported without the user info of an address, and with the files of its stack', async () => {
    const { stderr } = await command(
      ['loadtest'],
      `const error = new Error('redis://me:geheim@cache:6379 is away'); error.stack += '\\n    at file:///a/.pnpm/b@1.2.3/c.js:1:2'; throw error`,
    )
    expect(stderr).toMatch(/\*\*\*@cache:6379 is away/)
    expect(stderr).toContain('at file:///a/.pnpm/b@1.2.3/c.js:1:2')
    expect(stderr).not.toContain('geheim')
  })

  it('is a failure of a command that judges nothing', async () => {
    expect(await command(['generate'], 'await new Promise(() => {})')).toMatchObject({ exitCode: 1 })
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('is %s before there is a verdict', async (signal) => {
    const program = `
      // Cleans up after itself at a signal, and handles none.
      const { execa } = await import('execa')
      const child = execa('sleep', ['100'])
      setTimeout(() => process.kill(process.pid, '${signal}'), 50)
      await child`
    expect(await command(['gate'], program)).toMatchObject({
      exitCode: 2,
      stderr: `✗ gate was ended by ${signal} before there was a verdict`,
    })
  })

  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 1],
    ['SIGINT', 3],
  ])('is not %s once the verdict is told: it stays %i', async (signal, code) => {
    const program = `
      process.exitCode = ${code}
      // What was started is still being stopped.
      setTimeout(() => process.kill(process.pid, '${signal}'), 50)
      await new Promise((resolve) => setTimeout(resolve, 10_000))`
    expect(await command(['loadtest'], program)).toMatchObject({ exitCode: code, stderr: '' })
  })

  it('is no signal while results are written: they are there, and the verdict is told', async () => {
    const results = await mkdtemp(join(tmpdir(), 'headroom-ending-'))
    const write = JSON.stringify(join(import.meta.dirname, '../report/write.ts'))
    const program = `
      const { writeTogether } = await import(${write})
      const signals = () => { for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(process.pid, each); return '{}' }
      await writeTogether('run', { 'result.json': signals, 'summary.md': 'x'.repeat(1e7) })
      process.exitCode = 1`
    const ended = await command(['loadtest'], program, { env: { HEADROOM_RESULTS: results } })
    const files = await readdir(join(results, 'run')).catch(() => [])
    await rm(results, { recursive: true, force: true })
    expect(ended).toMatchObject({ exitCode: 1, stderr: '' })
    expect(files).toEqual(['result.json', 'summary.md'])
  })

  it('is no signal that the command handles', async () => {
    const program = `
      const told = new Promise((resolve) => process.once('SIGTERM', resolve))
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)
      const waiting = setInterval(() => {}, 1e6)
      await told
      clearInterval(waiting)
      process.exitCode = 1`
    expect(await command(['loadtest'], program)).toMatchObject({ exitCode: 1, stderr: '' })
  })
})

describe('a file that the user named, or may not use', () => {
  it('is on a full file system where nothing says which one it was', async () => {
    const program = `const { writeFile } = await import('node:fs/promises'); await writeFile('/dev/full', 'x')`
    const { exitCode, stderr } = await command(['loadtest'], program)
    expect(stderr).toMatch(/^✗ a file could not be written: .*full \(ENOSPC\) — make room.*TMPDIR$/)
    expect(exitCode).toBe(64)
  })

  const read = `const { readFile } = await import('node:fs/promises')`
  it.each<[string, string[], Record<string, string>, string, RegExp]>([
    [
      'is not there',
      ['--slices', '/nowhere/a'],
      {},
      `${read}; await readFile('/nowhere/a')`,
      /\/nowhere\/a is not there \(ENOENT\)/,
    ],
    [
      'is not there, named with =',
      ['--slices=/nowhere/a'],
      {},
      `${read}; await readFile('/nowhere/a')`,
      /is not there/,
    ],
    [
      'is on a file system that takes nothing',
      [],
      {},
      `const { writeFile } = await import('node:fs/promises'); const error = await writeFile('/dev/full', 'x').catch((error) => error); throw Object.assign(error, { path: '/ours/log' })`,
      /\/ours\/log is on a file system that is full \(ENOSPC\) — name another/,
    ],
    [
      'is no directory',
      [],
      { HEADROOM_RESULTS: '/dev/null' },
      `const { mkdir } = await import('node:fs/promises'); await mkdir('/dev/null/run', { recursive: true })`,
      /\/dev\/null\/run is no directory \(ENOTDIR\) — name another/,
    ],
  ])('is wrong use where it %s', async (_, words, env, program, line) => {
    const { exitCode, stderr } = await command(['loadtest', ...words], program, { env })
    expect(stderr.split('\n')).toEqual([expect.stringMatching(line)])
    expect(exitCode).toBe(64)
  })
})

describe('a reader that has read enough', () => {
  const verdict = (code: number) => `
    for (let line = 0; line < 20_000; line++) { console.log('a line of the table'); process.stdout.write('another\\n') }
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.stdout.write('verdict')
    process.exitCode = ${code}`

  it.each([0, 1, 2, 3])('leaves the exit code %i as it is', async (code) => {
    const shell = (line: string) => `${line} | head -n 1; exit \${PIPESTATUS[0]}`
    const { exitCode, stdout, stderr } = await command(['loadtest'], verdict(code), { shell })
    expect([exitCode, stdout, stderr]).toEqual([code, 'a line of the table', ''])
  })

  it('leaves it as it is when it reads the errors, too', async () => {
    const shell = (line: string) => `${line} 2>&1 >/dev/null | true; exit \${PIPESTATUS[0]}`
    const program = `setTimeout(() => {}, 100); for (let n = 0; n < 20_000; n++) process.stderr.write('progress '.repeat(9)); process.exitCode = 1`
    expect(await command(['loadtest'], program, { shell })).toMatchObject({ exitCode: 1 })
  })
})
