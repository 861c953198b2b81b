import type { BlobKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore, StoredObject } from '@worklane/data/blob-store.ts'
import { pictureOfKey, picturesPrefix, type StoredPicture } from '@worklane/data/picture-keys.ts'
import type pg from 'pg'
import { foreignBucket } from '../files/installation.ts'
import { LookStopped } from '../files/orphans.ts'

/** What is younger is still on its way. */
const youngMs = 86_400_000
const batch = 1_000

/** More than a tenth of what there is, and more than ten, is no accident of single pictures. */
const shareAtMost = 0.1
const alwaysAllowed = 10

/**
 * Removes what the object store has of pictures that nobody is shown, and nobody is uploading. Once to count, and once
 * to do so. (A picture whose object is missing is none: its page shows initials.)
 * @param now what is a day older is judged
 * @returns how many objects were removed
 * @throws LookStopped, before anything is done, where the bucket is not this database's, or too much would go
 */
export async function removePictureOrphans(
  pool: pg.Pool,
  store: BlobStore,
  now = Date.now(),
): Promise<number> {
  const foreign = await foreignBucket(pool, store)
  if (foreign !== null) throw new LookStopped('foreign bucket', foreign)
  let [all, found] = [0, 0]
  for await (const { objects, orphans } of compared(pool, store, now)) {
    all += objects
    found += orphans.length
  }
  const most = Math.max(alwaysAllowed, Math.floor(all * shareAtMost))
  if (found > most) throw tooMany(found, most)
  let removed = 0
  for await (const { orphans } of compared(pool, store, now)) {
    removed += orphans.length
    // Meanwhile something happened to the rows or to the store.
    if (removed > most) throw tooMany(removed, most)
    await store.removeKeys(orphans)
  }
  return removed
}

const tooMany = (found: number, most: number) =>
  new LookStopped(
    'too many',
    `${found} objects are of no picture, and a look removes ${most} at most: see whether the database and the bucket are of the same time`,
  )

async function* compared(
  pool: pg.Pool,
  store: BlobStore,
  now: number,
): AsyncGenerator<{ objects: number; orphans: BlobKey[] }> {
  for await (const objects of inBatches(store.objects(picturesPrefix))) {
    // Somebody else's: what we did not put there we do not take away.
    const ours = objects.flatMap(({ key, at }) => {
      const picture = pictureOfKey(key)
      return picture ? [{ key: key as BlobKey, at, picture }] : []
    })
    const { rows } = await pool.query<{ kind: string; owner: string; id: string }>(stillThere, [
      ours.map(({ picture }) => picture.owner.kind),
      ours.map(({ picture }) => picture.owner.id),
      ours.map(({ picture }) => picture.id),
    ])
    const kept = new Set(rows.map(({ kind, owner, id }) => `${kind}/${owner}/${id}`))
    const orphans = ours.filter(
      ({ at, picture }) => at.getTime() < now - youngMs && !kept.has(placeOf(picture)),
    )
    yield { objects: ours.length, orphans: orphans.map(({ key }) => key) }
  }
}

const placeOf = ({ owner: { kind, id: owner }, id }: StoredPicture) => `${kind}/${owner}/${id}`

const stillThere = `
  select kind, owner, asked.id from unnest($1::text[], $2::uuid[], $3::uuid[]) as asked (kind, owner, id)
  where (kind = 'person' and exists (select from users u where u.id = owner and u.avatar = asked.id))
    or (kind = 'organisation' and exists (select from organisations o where o.id = owner and o.logo = asked.id))
    or exists (select from picture_uploads p where p.id = asked.id
      and owner = case kind when 'person' then p.user_id else p.org_id end)`

async function* inBatches(objects: AsyncGenerator<StoredObject>): AsyncGenerator<StoredObject[]> {
  let some: StoredObject[] = []
  for await (const each of objects) {
    some.push(each)
    if (some.length < batch) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
