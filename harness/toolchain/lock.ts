import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'

/** How often it is asked for again while another holds it. Milliseconds. */
const askEvery = 200

/**
 * Holds what a file or directory stands for, once nobody else does. Asked for again here, and not by proper-lockfile,
 * which would ask for ever as well where no lock can be made at all: of another user, read-only, full.
 * @param lockfilePath the lock, beside the file unless given
 * @returns how to give it back
 * @throws the system's error where no lock can be made
 */
export async function lock(file: string, lockfilePath = `${file}.lock`): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lockfile.lock(file, { realpath: false, stale: 15_000, lockfilePath })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
    }
    await sleep(askEvery * (0.5 + Math.random()))
  }
}
