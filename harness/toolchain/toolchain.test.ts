import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findTool, isAtLeast, versionOf } from './find.ts'
import { provide } from './provide.ts'
import { type Tool, tools } from './tools.ts'

const hammer: Tool = {
  name: 'hammer',
  for: 'tests',
  programs: ['hammer'],
  version: { args: ['--version'], pattern: /hammer (\d+\.\d+\.\d+)/ },
  minimum: '2.0.0',
  pinned: '2.1.0',
  ways: [{ kind: 'go', module: 'example.test/hammer' }],
}
const saw: Tool = {
  ...hammer,
  name: 'saw',
  programs: ['saw'],
  version: { args: [], pattern: /saw (\d+\.\d+\.\d+)/ },
  ways: [{ kind: 'go', module: 'example.test/saw' }],
}
const table = { hammer, saw }
// The table of the tests stands for the real one, whose names the types know.
const provideTest = (names: string[], say?: (line: string) => void) => provide(names as never[], say, table)

describe('the toolchain', () => {
  let home: string
  let bin: string
  const before = { ...process.env }

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'headroom-tools-'))
    bin = join(home, 'path')
    await mkdir(bin)
    // Node and the shell's own tools, and nothing else.
    process.env.PATH = [bin, dirname(process.execPath), '/bin', '/usr/bin'].join(delimiter)
    process.env.HEADROOM_CACHE = join(home, 'cache')
  })
  afterEach(async () => {
    for (const name of ['PATH', 'HEADROOM_CACHE', 'HEADROOM_HAMMER']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
    await rm(home, { recursive: true, force: true })
  })

  async function program(path: string, script: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    return path
  }

  /** A `go` that installs what it is asked for, slowly, and writes down that it was called. */
  const slowGo = () =>
    program(
      join(bin, 'go'),
      `echo called >> ${home}/calls
       sleep 0.4
       name=$(basename "\${2%@*}")
       printf '#!/bin/sh\\necho %s 2.1.0\\n' "$name" > "$GOBIN/$name"
       chmod +x "$GOBIN/$name"`,
    )

  it('compares versions number by number', () => {
    expect(isAtLeast('1.10.0', '1.9.9')).toBe(true)
    expect(isAtLeast('1.9.9', '1.10.0')).toBe(false)
    expect(isAtLeast('2.0', '2.0.0')).toBe(true)
    expect(isAtLeast('156.0.8078', '120.0.0')).toBe(true)
  })

  it.each([
    [tools.k6, 'k6 v1.8.1 (go1.26.8, linux/amd64)', '1.8.1'],
    [tools.redis, 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', '7.0.15'],
    [tools.nginx, 'nginx version: nginx/1.22.1', '1.22.1'],
    [tools.prometheus, 'prometheus, version 2.42.0+ds (branch: debian/sid)', '2.42.0'],
    [tools.versitygw, 'Version  : v1.8.0\nBuild    : norev', '1.8.0'],
    [tools.seaweedfs, 'version 8000GB 4.48 pypi linux amd64', '4.48'],
    [tools.chromium, 'Chromium 156.0.8078.79 built on Debian', '156.0.8078'],
    [tools.chromium, 'Google Chrome 131.0.6778.85', '131.0.6778'],
  ])('reads the version that $name prints of itself', async (tool, says, version) => {
    expect(await versionOf(tool, await program(join(bin, 'some'), `echo '${says}'`))).toBe(version)
  })

  it('takes a program from PATH that is new enough, and passes by one that is too old or broken', async () => {
    await program(join(bin, 'hammer'), 'echo hammer 1.9.0')
    expect(await findTool(hammer)).toBeUndefined()
    await program(join(bin, 'hammer'), 'exit 3')
    expect(await findTool(hammer)).toBeUndefined()
    const path = await program(join(bin, 'hammer'), 'echo hammer 2.0.0')
    expect(await findTool(hammer)).toEqual({ path, version: '2.0.0', from: 'PATH' })
  })

  it('takes the program that the variable names before any other', async () => {
    await program(join(bin, 'hammer'), 'echo hammer 2.0.0')
    process.env.HEADROOM_HAMMER = await program(join(home, 'mine'), 'echo hammer 3.0.0')
    expect(await findTool(hammer)).toMatchObject({ version: '3.0.0', from: 'HEADROOM_HAMMER' })
  })

  it('installs what is missing into its cache, and finds it there the next time', async () => {
    await slowGo()
    const lines: string[] = []
    const installed = await provideTest(['hammer'], (line) => lines.push(line))
    expect(Object.values(installed)).toMatchObject([{ version: '2.1.0', from: 'cache' }])
    expect(lines).toEqual([
      expect.stringContaining('go install example.test/hammer@v2.1.0'),
      expect.stringContaining('installed'),
    ])
    expect(
      await provideTest(['hammer'], () => expect.unreachable('nothing was to be installed')),
    ).toBeDefined()
  })

  it('installs several tools side by side', async () => {
    await slowGo()
    expect(Object.keys(await provideTest(['hammer', 'saw']))).toEqual(['hammer', 'saw'])
  })

  it('installs once when two ask at the same time', async () => {
    await slowGo()
    const both = await Promise.all([provideTest(['hammer']), provideTest(['hammer'])])
    expect(both).toHaveLength(2)
    const { readFile } = await import('node:fs/promises')
    expect((await readFile(join(home, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  it('leaves nothing behind of an install that broke off, and never uses it', async () => {
    await program(join(bin, 'go'), 'echo half > "$GOBIN/hammer"; echo no space left on device >&2; exit 1')
    await expect(provideTest(['hammer'])).rejects.toThrow()
    expect(await readdir(join(home, 'cache'))).toEqual([])
    expect(await findTool(hammer)).toBeUndefined()
  })

  it('says in one line that its cache cannot be written, before anything is installed', async () => {
    await slowGo()
    await writeFile(join(home, 'cache'), 'a file')
    await expect(provideTest(['hammer'])).rejects.toMatchObject({
      name: 'UsageError',
      line: expect.stringMatching(
        /^hammer 2\.0\.0 or newer is missing, and the tool cache \S+cache cannot be written \(E\w+\) — name a directory of this user in HEADROOM_CACHE/,
      ),
    })
  })

  it('says in one line that its cache took the lock and not the program', async () => {
    await slowGo()
    await mkdir(join(home, 'cache'))
    await writeFile(join(home, 'cache/bin'), 'a file')
    await expect(provideTest(['hammer'])).rejects.toMatchObject({
      name: 'UsageError',
      line: expect.stringMatching(/could not be installed \(go: E\w+.*cache\/bin/),
    })
  })

  it('says in one line which tool is missing, what was tried and what to do', async () => {
    await program(join(bin, 'go'), 'echo no space left on device >&2; exit 1')
    await expect(provideTest(['hammer'])).rejects.toMatchObject({
      name: 'UsageError',
      line: 'hammer 2.0.0 or newer is missing and could not be installed (go: go ended with 1: no space left on device) — install it by hand (go install example.test/hammer@v2.1.0), or name its program in HEADROOM_HAMMER',
    })
  })
})
