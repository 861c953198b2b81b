import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * A directory with all above it. Node's own recursive one goes round for ever where a directory is there in which
 * nothing can be made and the system says ENOENT, as in /proc (seen in 24.21).
 */
export async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await make()
  })
}
