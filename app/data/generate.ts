import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const here = import.meta.dirname
const schema = join(here, 'prisma/schema.prisma')
const output = join(here, 'generated/prisma')

/** Makes the Prisma client from the schema, unless the one that is there was made from the same schema. */
export async function generateClient(): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json')
  const stamp = createHash('sha256')
    .update(await readFile(schema))
    .update(await readFile(manifest))
    .digest('hex')
  const stampFile = join(output, 'made-from.txt')
  if (existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === stamp) return
  await promisify(execFile)(
    process.execPath,
    [join(dirname(manifest), 'build/index.js'), 'generate', '--schema', schema],
    {
      cwd: here,
      // The schema engine is a download that generating does not need: any file that exists stands for it.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    },
  )
  await writeFile(stampFile, stamp)
}

if (import.meta.main) await generateClient()
