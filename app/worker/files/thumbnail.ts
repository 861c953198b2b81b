import { PDFiumLibrary } from '@hyzyla/pdfium'
import sharp, { type Metadata, type Sharp } from 'sharp'

/** Pixels of the longer side: of a picture, and of a page, whose text should be readable. */
const side = 480
const pageSide = 1_000
/** Of an avatar, which is shown at up to 96 of them, on screens that have two for each. */
const squareSide = 192
/** Larger ones are kept, and get no small picture: somebody might have packed a very large one into few bytes. */
const mostPixels = 50_000_000
/** What is held at once of one that gets a small picture: its file and what is decoded of it. Bytes. */
const mostHeld = 175_000_000
/** Rows that are held while a picture is made smaller. */
const rowsHeld = 1_600

export type Thumbnail = { width: number | null; height: number | null; picture: Buffer | null }

/** The small picture of a picture, upright and without what a camera writes beside it. @throws when it cannot be read */
export async function ofPicture(bytes: Uint8Array): Promise<Thumbnail> {
  const source = sharp(bytes, { failOn: 'error', limitInputPixels: false })
  const metadata = await source.metadata()
  const { width, height, orientation = 1 } = metadata
  // From 5 on the camera lay on its side.
  const [wide, high] = orientation >= 5 ? [height, width] : [width, height]
  if (isTooLarge(metadata, bytes)) return { width: wide, height: high, picture: null }
  return { width: wide, height: high, picture: await small(source.autoOrient(), side) }
}

/** The middle of a picture as a small square, upright: of one that is wide or high the edges go. @throws as above */
export async function squareOf(bytes: Uint8Array): Promise<Thumbnail> {
  const source = sharp(bytes, { failOn: 'error', limitInputPixels: false })
  const metadata = await source.metadata()
  const { width, height } = metadata
  if (isTooLarge(metadata, bytes)) return { width, height, picture: null }
  const picture = await source
    .autoOrient()
    .resize(squareSide, squareSide, { fit: 'cover' })
    // Else initials would be seen through it.
    .flatten({ background: 'white' })
    .webp({ quality: 80, effort: 2 })
    .toBuffer()
  return { width, height, picture }
}

function isTooLarge(metadata: Metadata, bytes: Uint8Array): boolean {
  const { width, height } = metadata
  return width * height > mostPixels || bytes.length + heldOf(metadata) > mostHeld
}

/**
 * What is held of a picture while it is made smaller: of some formats a few rows, of others all of it, several times.
 * As measured with sharp 0.35.5 (docs/files.md). Bytes.
 */
function heldOf({
  format,
  width,
  height,
  channels,
  depth,
  bitsPerSample = 8,
  isProgressive,
}: Metadata): number {
  const pixel = channels * (sampleBytes[depth] ?? 8)
  // They are read small already.
  if (format === 'jpeg') return isProgressive ? width * height * channels * 2 : 0
  const ofPixel: Record<string, number> = {
    png: isProgressive ? pixel : 0,
    gif: 5,
    webp: 5.5,
    heif: bitsPerSample > 8 ? 24 : 18,
  }
  return width * height * (ofPixel[format] ?? 24) + width * pixel * rowsHeld
}

const sampleBytes: Record<string, number> = { uchar: 1, ushort: 2 }

/** A picture of the first page; none of a document that is locked or cannot be read, which is kept all the same. */
export async function ofPdf(bytes: Uint8Array): Promise<Thumbnail> {
  const library = await PDFiumLibrary.init()
  try {
    const document = await library.loadDocument(bytes)
    const page = document.getPage(0)
    // In points, of which one is a pixel at the scale of 1.
    const { originalWidth, originalHeight } = page.getOriginalSize()
    const scale = pageSide / Math.max(originalWidth, originalHeight)
    const rendered = await page.render({ scale, render: 'bitmap' })
    const raw = { width: rendered.width, height: rendered.height, channels: 4 } as const
    const picture = await small(sharp(rendered.data, { raw }).flatten({ background: 'white' }), pageSide)
    return { width: null, height: null, picture }
  } catch {
    return { width: null, height: null, picture: null }
  } finally {
    library.destroy()
  }
}

const small = (source: Sharp, longest: number): Promise<Buffer> =>
  source
    .resize(longest, longest, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 75, effort: 2 })
    .toBuffer()
