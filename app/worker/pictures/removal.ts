import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { orgId, userId } from '@worklane/data/ids.ts'
import { type PictureOwner, pictureKey } from '@worklane/data/picture-keys.ts'
import type pg from 'pg'
import { askAgain } from '../files/asked-again.ts'
import { wasRefusedADayAgo } from '../files/removal.ts'

const batch = 300

/**
 * Empties the object store of pictures that nobody is shown any more, and of what was posted of those that are. The
 * form to post one may still be good: such a picture is seen to once more, ten minutes after its end.
 * @returns how many pictures were seen to
 */
export async function emptyRemovedPictures(
  pool: pg.Pool,
  { open }: Pick<BlobsOnDemand, 'open'>,
): Promise<number> {
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Removed>(take, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    await store.removeKeys(
      rows.flatMap(({ kind, owner, id, isShown }) => {
        const whose = ownerOf(kind, owner)
        return [pictureKey(whose, id, 'upload'), ...(isShown ? [] : [pictureKey(whose, id, 'square')])]
      }),
    )
    const ids = (which: Removed[]) => which.map(({ id }) => id)
    await pool.query('delete from removed_pictures where id = any($1)', [
      ids(rows.filter(({ isLast }) => isLast)),
    ])
    await pool.query('update removed_pictures set emptied_at = now() where id = any($1)', [ids(rows)])
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

const ownerOf = (kind: PictureOwner['kind'], id: string): PictureOwner =>
  kind === 'person' ? { kind, id: userId(id) } : { kind, id: orgId(id) }

type Removed = {
  kind: PictureOwner['kind']
  owner: string
  id: string
  isShown: boolean
  isLast: boolean
}

const take = `select kind, owner_id as owner, id,
    exists (select from users u where u.id = owner_id and u.avatar = removed_pictures.id)
      or exists (select from organisations o where o.id = owner_id and o.logo = removed_pictures.id) as "isShown",
    again_at < now() - interval '10 minutes' as "isLast"
  from removed_pictures
  where emptied_at is null or again_at < now() - interval '10 minutes'
  order by id limit $1`

/** Ends uploads that never came, forgets refusals of a day ago, and has those looked at again whose job is lost. */
export async function sweepPictures(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from picture_uploads where (uploaded_at is null and upload_until < now())
    or (refused is not null and ${wasRefusedADayAgo})`)
  await askAgain(pool, {
    table: 'picture_uploads',
    isWaiting: 'uploaded_at is not null and refused is null',
    topic: 'picture.check',
    named: 'pictureId',
  })
}
