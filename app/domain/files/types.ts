/** How a file is looked at and checked; what is no picture is only ever downloaded. */
export type FileKind = 'picture' | 'pdf' | 'media' | 'document' | 'archive' | 'text'

type FileType = {
  kind: FileKind
  extensions: readonly [string, ...string[]]
  /** What its bytes may look like beside the type itself: formats that are built upon others. */
  alsoSeenAs?: readonly string[]
}

const office = (extension: string): FileType => ({
  kind: 'document',
  extensions: [extension],
  alsoSeenAs: ['application/zip'],
})
const earlierOffice = (extension: string): FileType => ({
  kind: 'document',
  extensions: [extension],
  alsoSeenAs: ['application/x-cfb'],
})
const text = (...extensions: [string, ...string[]]): FileType => ({ kind: 'text', extensions })
const openXml = 'application/vnd.openxmlformats-officedocument'
const openDocument = 'application/vnd.oasis.opendocument'

/** What can be uploaded. A file's type follows from the end of its name, and its bytes have to agree. */
export const fileTypes: Record<string, FileType> = {
  'image/png': { kind: 'picture', extensions: ['png'], alsoSeenAs: ['image/apng'] },
  'image/jpeg': { kind: 'picture', extensions: ['jpg', 'jpeg'] },
  'image/gif': { kind: 'picture', extensions: ['gif'] },
  'image/webp': { kind: 'picture', extensions: ['webp'] },
  'image/avif': { kind: 'picture', extensions: ['avif'] },
  'application/pdf': { kind: 'pdf', extensions: ['pdf'] },
  'video/mp4': { kind: 'media', extensions: ['mp4'], alsoSeenAs: ['video/x-m4v'] },
  'video/quicktime': { kind: 'media', extensions: ['mov'] },
  'video/webm': { kind: 'media', extensions: ['webm'], alsoSeenAs: ['video/matroska'] },
  'audio/mpeg': { kind: 'media', extensions: ['mp3'] },
  [`${openXml}.wordprocessingml.document`]: office('docx'),
  [`${openXml}.spreadsheetml.sheet`]: office('xlsx'),
  [`${openXml}.presentationml.presentation`]: office('pptx'),
  [`${openDocument}.text`]: office('odt'),
  [`${openDocument}.spreadsheet`]: office('ods'),
  [`${openDocument}.presentation`]: office('odp'),
  'application/msword': earlierOffice('doc'),
  'application/vnd.ms-excel': earlierOffice('xls'),
  'application/vnd.ms-powerpoint': earlierOffice('ppt'),
  'application/zip': { kind: 'archive', extensions: ['zip'] },
  'application/gzip': { kind: 'archive', extensions: ['gz', 'tgz'] },
  'application/x-tar': { kind: 'archive', extensions: ['tar'] },
  'text/plain': text('txt', 'log'),
  'text/markdown': text('md'),
  'text/csv': text('csv'),
  'application/json': text('json'),
}

const byExtension = new Map(
  Object.entries(fileTypes).flatMap(([type, { extensions }]) => extensions.map((end) => [end, type])),
)

/** Every end of a name that can be uploaded, as an input of a form takes it: `.png,.jpg,…`. */
export const acceptedNames = [...byExtension.keys()].map((end) => `.${end}`).join(',')

/** The type of a file of this name; null for one that cannot be uploaded. */
export const typeOfName = (name: string): string | null =>
  byExtension.get(/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '') ?? null

export const kindOf = (type: string): FileKind => fileTypes[type]?.kind ?? 'archive'

/** Whether bytes that were recognised as one type may be those of a file of another. Text is not recognised by its bytes. */
export const mayBe = (type: string, seen: string | null): boolean =>
  seen !== null && (seen === type || (fileTypes[type]?.alsoSeenAs?.includes(seen) ?? false))

/** Up to here a file is posted whole, by a form; a larger one goes in parts. Bytes. */
export const largestWhole = 16 * 1024 ** 2
export const partSize = 8 * 1024 ** 2
export const largestFile = 2 * 1024 ** 3
