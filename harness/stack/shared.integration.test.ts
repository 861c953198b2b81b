import { chmod, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { project } from '../project.ts'
import { shareClusters } from './cluster.ts'
import { clusterHome } from './postgres.ts'
import { checkoutSecret, shareSecrets } from './secrets.ts'

async function otherCheckout(mode: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-other-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await chmod(directory, mode)
  await shareSecrets(directory)
  await shareClusters(directory)
  return directory
}

it('another checkout has the secrets and the seeded clusters of this one', async () => {
  const other = await otherCheckout(0o711)
  const secret = await readFile(join(other, '.headroom/session-secret'), 'utf8')
  expect(secret).toBe(await checkoutSecret('session-secret'))
  expect(secret).not.toBe(await checkoutSecret('auth-secret'))
  expect(await realpath(join(other, '.headroom/clusters'))).toBe(
    await realpath(join(await clusterHome(project), 'clusters')),
  )
})

// Only root has PostgreSQL run as somebody else, who may not be able to reach a folder.
if (process.getuid?.() === 0) {
  it('one that PostgreSQL cannot reach has clusters of its own', async () => {
    const other = await otherCheckout(0o700)
    await expect(stat(join(other, '.headroom/clusters'))).rejects.toThrow('ENOENT')
  })
}
