import { z } from 'zod'
import { Id, Person } from '../tasks/shapes.ts'
import { kindOf } from './types.ts'

const FileState = z.enum(['uploading', 'checking', 'ready', 'refused'])

/** Why a file is not kept: another type than its name says, another size than announced, unreadable, or gone. */
export const Refused = z.enum(['type', 'size', 'broken', 'lost'])
export type Refused = z.infer<typeof Refused>

export const File = z
  .object({
    id: Id,
    taskId: Id,
    commentId: Id.nullable(),
    name: z.string(),
    type: z.string().meta({ example: 'image/png' }),
    kind: z.enum(['picture', 'pdf', 'media', 'document', 'archive', 'text']),
    /** Bytes. */
    size: z.number().int(),
    /** Others than who uploaded it see it only once it is ready. */
    state: FileState,
    refused: Refused.nullable(),
    /** Pixels of a picture. */
    width: z.number().int().nullable(),
    height: z.number().int().nullable(),
    /** A small picture of it, by a link that is good for minutes. */
    thumbnail: z.url().nullable(),
    createdBy: Person.nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'File' })
export type File = z.infer<typeof File>

export const fileColumns = {
  id: true,
  taskId: true,
  commentId: true,
  name: true,
  type: true,
  size: true,
  uploadedAt: true,
  readyAt: true,
  refused: true,
  width: true,
  height: true,
  thumbnailAt: true,
  creator: { select: { id: true, name: true } },
  createdAt: true,
} as const

export type FileRow = {
  id: string
  taskId: string
  commentId: string | null
  name: string
  type: string
  size: bigint
  uploadedAt: Date | null
  readyAt: Date | null
  refused: string | null
  width: number | null
  height: number | null
  thumbnailAt: Date | null
  creator: { id: string; name: string } | null
  createdAt: Date
}

/** @param thumbnail a link to its small picture, where it has one */
export function fileOf(row: FileRow, thumbnail: string | null): File {
  const { uploadedAt, readyAt, refused, thumbnailAt: _, creator, createdAt, size, ...rest } = row
  return {
    ...rest,
    size: Number(size),
    kind: kindOf(row.type),
    state: refused ? 'refused' : readyAt ? 'ready' : uploadedAt ? 'checking' : 'uploading',
    refused: Refused.nullable().parse(refused),
    thumbnail,
    createdBy: creator,
    createdAt: createdAt.toISOString(),
  }
}
