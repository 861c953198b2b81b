import { PDFiumLibrary } from '@hyzyla/pdfium'
import sharp, { type Sharp } from 'sharp'

/** Pixels of the longer side: of a picture, and of a page, whose text should be readable. */
const side = 480
const pageSide = 1_000
/** Of an avatar, which is shown at up to 96 of them, on screens that have two for each. */
const squareSide = 192
/** Larger ones are kept, and get no small picture: somebody might have packed a very large one into few bytes. */
const mostPixels = 50_000_000

export type Thumbnail = { width: number | null; height: number | null; picture: Buffer | null }

/** The small picture of a picture, upright and without what a camera writes beside it. @throws when it cannot be read */
export async function ofPicture(bytes: Uint8Array): Promise<Thumbnail> {
  const source = sharp(bytes, { failOn: 'error', limitInputPixels: false })
  const { width, height, orientation = 1 } = await source.metadata()
  // From 5 on the camera lay on its side.
  const [wide, high] = orientation >= 5 ? [height, width] : [width, height]
  if (width * height > mostPixels) return { width: wide, height: high, picture: null }
  return { width: wide, height: high, picture: await small(source.autoOrient(), side) }
}

/** The middle of a picture as a small square, upright: of one that is wide or high the edges go. @throws as above */
export async function squareOf(bytes: Uint8Array): Promise<Thumbnail> {
  const source = sharp(bytes, { failOn: 'error', limitInputPixels: false })
  const { width, height } = await source.metadata()
  if (width * height > mostPixels) return { width, height, picture: null }
  const picture = await source
    .autoOrient()
    .resize(squareSide, squareSide, { fit: 'cover' })
    // Else initials would be seen through it.
    .flatten({ background: 'white' })
    .webp({ quality: 80, effort: 2 })
    .toBuffer()
  return { width, height, picture }
}

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
