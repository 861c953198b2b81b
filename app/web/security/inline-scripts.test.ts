import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { hashesOf, readInlineScripts, shellOf, writeInlineScripts } from './inline-scripts.ts'

it('hashes what stands in the page, once, and not what the page only loads', () => {
  const html = `<script src="/a.js" async=""></script><script>alert(1)</script><p>text</p>
    <script id="_R_">alert(1)</script><script nonce="x">let a = 'b'\n</script>`
  // Of `alert(1)` by `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`.
  expect(hashesOf(html)).toEqual([
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='",
    expect.stringMatching(/^'sha256-/),
  ])
})

it('knows each page of a build by its address, and the page of all others', async () => {
  const next = await mkdtemp(join(tmpdir(), 'inline-scripts-'))
  const page = async (name: string, script: string, meta: object) => {
    const file = join(next, 'server/app', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.html`, `<script>${script}</script>`)
    await writeFile(`${file}.meta`, JSON.stringify(meta))
  }
  await page('index', 'landing', {})
  await page('tasks', 'tasks', { postponed: '…' })
  await page('tasks/[taskId]', 'task', { postponed: '…' })
  await page('_not-found', 'nothing', {})
  expect(await writeInlineScripts(next)).toBe(4)
  const shells = readInlineScripts(next)
  const scriptOf = (path: string) => shellOf(shells, path)?.hashes
  const [landing, nothing, task, tasks] = ['landing', 'nothing', 'task', 'tasks'].map((script) =>
    hashesOf(`<script>${script}</script>`),
  )
  expect(scriptOf('/')).toEqual(landing)
  expect(scriptOf('/tasks')).toEqual(tasks)
  expect(scriptOf('/tasks/1')).toEqual(task)
  expect(scriptOf('/tasks/1/2')).toEqual(nothing)
  expect(shellOf(shells, '/tasks')?.streams).toBe(true)
  expect(shellOf(shells, '/')?.streams).toBe(false)
  await rm(next, { recursive: true })
})

it('says how to build when nobody took the scripts down', () => {
  expect(() => readInlineScripts('/nowhere')).toThrow('pnpm --filter @worklane/web build')
})
