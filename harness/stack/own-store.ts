import { openBlobStore } from '@worklane/data/blob-store.ts'
import { storeSettings } from '@worklane/data/blobs.ts'
import { missingOfStore, ofStore, storeEnvironment } from '@worklane/data/config.ts'
import { UsageError } from '../plan/usage.ts'

const names = Object.keys(storeEnvironment.shape)
const orElse = 'unset all of them to have a store started for you'

/**
 * The environment of the caller's own object store, once it has answered; null where none is set.
 * It goes with a database of the caller's own, and never with one that is started here: whatever that one has no row
 * of would be removed.
 * @throws UsageError that holds nothing of it
 */
export async function ownStore(): Promise<Record<string, string> | null> {
  const given = Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value ? [[name, value]] : []
    }),
  )
  if (ofStore.every((name) => given[name] === undefined)) return null
  const missing = missingOfStore(given)
  if (missing.length > 0)
    throw new UsageError(
      `an object store of your own needs all of ${ofStore.join(', ')}, and ${missing.join(', ')} is not set`,
      `set what is missing, or ${orElse}`,
    )
  const read = storeEnvironment.safeParse(given)
  const issue = read.error?.issues[0]
  if (issue) throw new UsageError(`${issue.path.join('.')}: ${issue.message}`, `correct it, or ${orElse}`)
  if (!process.env.DATABASE_URL)
    throw new UsageError(
      'S3_ENDPOINT is set and DATABASE_URL is not: a database that is started here knows none of the files of your store, and Worklane would remove them',
      'set DATABASE_URL to the database that these files belong to, or unset S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY to have a store started for you',
    )
  if (!(await isThere(given)))
    throw new UsageError(
      'S3_ENDPOINT leads to no object store that answers and has S3_BUCKET for S3_ACCESS_KEY_ID',
      'correct them, or unset all of them to go without files',
    )
  return given
}

async function isThere(given: Record<string, string>): Promise<boolean> {
  const settings = storeSettings({ ORIGIN: '', ...storeEnvironment.parse(given) })
  if (!settings) return false
  const store = openBlobStore(settings)
  return store.isThere().finally(() => store.close())
}
