import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from '../project.ts'

const names = ['session-secret', 'auth-secret', 'database-secret', 'store-secret', 'encryption-key'] as const

const fileOf = (name: (typeof names)[number], checkout = project) => join(checkout, '.headroom', name)

/** A secret of this checkout, made once: the sessions in a kept cluster were made with it. */
export async function checkoutSecret(name: (typeof names)[number]): Promise<string> {
  const file = fileOf(name)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return readFile(file, 'utf8')
}

/** Gives another checkout, which has none yet, the secrets of this one. */
export async function shareSecrets(checkout: string): Promise<void> {
  await mkdir(join(checkout, '.headroom'), { recursive: true })
  for (const name of names) {
    await checkoutSecret(name)
    await copyFile(fileOf(name), fileOf(name, checkout))
  }
}
