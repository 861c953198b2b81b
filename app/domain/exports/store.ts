import { type BlobKey, exportKey } from '@worklane/data/blob-keys.ts'
import type { Actor } from '../actor.ts'

/** The job that writes an export's file. */
export const exportTopic = 'export.run'

/** So long the file of an export is kept. */
export const keptDays = 7

export const exportObject = ({ orgId }: Pick<Actor, 'orgId'>, id: string, run: string): BlobKey =>
  exportKey(orgId, id, run)
