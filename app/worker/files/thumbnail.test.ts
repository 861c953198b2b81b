import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { thumbnailOf } from './in-thread.ts'
import { ofPdf, ofPicture, squareOf } from './thumbnail.ts'

const solid = (width: number, height: number, colour = { r: 250, g: 10, b: 10 }) =>
  sharp({ create: { width, height, channels: 3, background: colour } })

/** A page that is red all over. */
const redPage = `%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 400 800] /Contents 4 0 R >> endobj
4 0 obj << /Length 28 >> stream
1 0 0 rg 0 0 400 800 re f   
endstream endobj
trailer << /Size 5 /Root 1 0 R >>
`

describe('the small picture', () => {
  it('of a picture that lies on its side stands upright, and tells nothing of where it was taken', async () => {
    const exif = { IFD0: { Copyright: 'Ada' } }
    const photo = await solid(1_000, 500).jpeg().withExif(exif).withMetadata({ orientation: 6 }).toBuffer()
    const { width, height, picture } = await ofPicture(photo)
    expect([width, height]).toEqual([500, 1_000])
    const small = await sharp(picture ?? '').metadata()
    expect([small.format, small.width, small.height, small.exif]).toEqual(['webp', 240, 480, undefined])
  })

  it('of a small picture is no larger', async () => {
    const { picture } = await ofPicture(await solid(20, 10).png().toBuffer())
    expect(await sharp(picture ?? '').metadata()).toMatchObject({ width: 20, height: 10 })
  })

  it('of a very large one is none', async () => {
    const large = await solid(8_000, 8_000).png({ compressionLevel: 1 }).toBuffer()
    expect(await ofPicture(large)).toEqual({ width: 8_000, height: 8_000, picture: null })
  })

  it('that is a square is the middle of a picture, upright, on white, and larger than a small one was', async () => {
    const photo = await solid(900, 300).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const square = await sharp((await squareOf(photo)).picture ?? '').metadata()
    expect(square).toMatchObject({ format: 'webp', width: 192, height: 192 })
    expect(square.exif).toBeUndefined()
    const see = { r: 0, g: 0, b: 0, alpha: 0 }
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: see } })
      .png()
      .toBuffer()
    const onWhite = sharp((await squareOf(clear)).picture ?? '')
    const { channels, isOpaque } = await onWhite.stats()
    expect([channels.map(({ mean }) => Math.round(mean)), isOpaque]).toEqual([[255, 255, 255], true])
    expect(await squareOf(await solid(8_000, 8_000).png({ compressionLevel: 1 }).toBuffer())).toMatchObject({
      picture: null,
    })
  })

  it('of a document is its first page, in its colours', async () => {
    const { picture } = await ofPdf(Buffer.from(redPage))
    const small = sharp(picture ?? '')
    expect(await small.metadata()).toMatchObject({ width: 500, height: 1_000 })
    const { channels } = await small.stats()
    expect(channels.map(({ mean }) => Math.round(mean / 50))).toEqual([5, 0, 0])
  })

  it('of what is no document is none', async () => {
    expect(await ofPdf(Buffer.from('%PDF-1.4 and nothing more'))).toMatchObject({ picture: null })
  })

  it('is made in a thread that tells what is broken, and is ended when it takes too long', async () => {
    const whole = await solid(400, 400).png().toBuffer()
    expect(await thumbnailOf({ kind: 'picture', bytes: whole })).toMatchObject({ thumbnail: { width: 400 } })
    const half = await solid(400, 400, { r: 1, g: 2, b: 3 }).jpeg().toBuffer()
    expect(await thumbnailOf({ kind: 'picture', bytes: half.subarray(0, 300) })).toHaveProperty('broken')
    expect(await thumbnailOf({ kind: 'picture', bytes: whole }, 1)).toMatchObject({
      thumbnail: { picture: null },
    })
  })
})
