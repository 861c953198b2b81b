import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { revision } from './revision.ts'

it('the revision is that of the checkout, wherever the command was typed', async () => {
  const file = JSON.stringify(join(import.meta.dirname, 'revision.ts'))
  const text = `import { revision } from ${file}; console.log(await revision())`
  const elsewhere = await execa(process.execPath, ['--input-type=module', '-e', text], { cwd: tmpdir() })
  expect(elsewhere.stdout).toMatch(/[0-9a-f]{7}/)
  expect(elsewhere.stdout).toBe(await revision())
})
