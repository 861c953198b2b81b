import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { measureAlone } from './quiet.ts'

describe('the right to measure', () => {
  it('is refused while another holds it, with what to do, and free again afterwards', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headroom-quiet-'))
    try {
      const file = join(directory, 'measuring')
      const giveBack = await measureAlone(file)
      await expect(measureAlone(file)).rejects.toThrow(/another measurement runs/)
      await giveBack()
      await (await measureAlone(file))()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
