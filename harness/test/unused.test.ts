import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'

it('what nobody uses is named: a file, an export, a package', async () => {
  const house = await mkdtemp(join(tmpdir(), 'headroom-unused-'))
  const write = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(house, name), text)
  }
  try {
    await copyFile('knip.json', join(house, 'knip.json'))
    await mkdir(join(house, 'seed'))
    await write({
      'package.json': '{ "name": "house", "private": true }',
      'pnpm-workspace.yaml': 'packages: [seed]\n',
      'seed/package.json': '{ "name": "seed", "dependencies": { "left-pad": "1.0.0" } }',
      'seed/writer.ts': "import { used } from './rows.ts'\nconsole.log(used)\n",
      'seed/rows.ts': 'export const used = 1\nexport const forgotten = 2\n',
      'seed/nobody.ts': 'export const alone = 3\n',
    })
    const { exitCode, stdout } = await execa('knip', ['--no-progress', '--directory', house], {
      preferLocal: true,
      reject: false,
    })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('seed/nobody.ts')
    expect(stdout).toMatch(/forgotten\s+seed\/rows\.ts/)
    expect(stdout).toMatch(/left-pad\s+seed\/package\.json/)
    expect(stdout).not.toMatch(/\bused\s+seed/)
  } finally {
    await rm(house, { recursive: true, force: true })
  }
})
