import { z } from 'zod'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { largestPicture, pictureNames, typeOfPicture } from './types.ts'

/** What is announced of a picture before it is posted. */
export const newPicture = {
  name: line(200).refine(
    (name) => typeOfPicture(name) !== null,
    `must end in one of ${pictureNames.replaceAll(',', ' ')}`,
  ),
  size: z
    .number()
    .int()
    .min(1, 'must be 1 byte or more: an empty file is no picture')
    .max(largestPicture, 'must be at most 2 MiB')
    .meta({ description: 'Bytes' }),
}

/** Why a picture is not shown: something else than its name says, another size than announced, or unreadable. */
export const PictureRefused = z.enum(['type', 'size', 'broken'])
export type PictureRefused = z.infer<typeof PictureRefused>

export const PictureUpload = z
  .object({
    id: Id,
    /** Until then it has to be complete. */
    until: z.iso.datetime(),
    /** What to post, as multipart/form-data, before the field `file`. */
    form: z.object({ url: z.url(), fields: z.record(z.string(), z.string()) }),
  })
  .meta({ id: 'PictureUpload' })
export type PictureUpload = z.infer<typeof PictureUpload>

export const Picture = z
  .object({
    /** What is shown at the moment, by a link that is good for half an hour or more. */
    url: z.url().nullable(),
    /** The last upload, until its picture is shown. */
    upload: z
      .object({
        id: Id,
        state: z.enum(['uploading', 'checking', 'refused']),
        refused: PictureRefused.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Picture' })
export type Picture = z.infer<typeof Picture>
