import { execFileSync } from 'node:child_process'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { thumbnailOf } from './own-process.ts'
import { ofPdf, ofPicture, squareOf, type Thumbnail } from './thumbnail.ts'

const solid = (width: number, height: number, colour = { r: 250, g: 10, b: 10 }) =>
  sharp({ create: { width, height, channels: 3, background: colour } })

/** Of four channels, which take more than three. */
const clear = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: 'red' } })

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

/** A small one that says it has so many pixels: to make a large one takes long. */
async function avifOf(width: number, height: number, bitdepth: 8 | 12): Promise<Buffer> {
  const bytes = await solid(64, 64).avif({ effort: 0, bitdepth }).toBuffer()
  // The box of its size: four letters, a version, and two numbers.
  const at = bytes.indexOf('ispe') + 8
  bytes.writeUInt32BE(width, at)
  bytes.writeUInt32BE(height, at + 4)
  return bytes
}

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
    const seen = await sharp({ create: { width: 8, height: 8, channels: 4, background: see } })
      .png()
      .toBuffer()
    const onWhite = sharp((await squareOf(seen)).picture ?? '')
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

  it('of one that says that it has few pixels, and takes much memory for each, is none', async () => {
    for (const [width, height, bitdepth] of [
      [3_500, 3_500, 8],
      [2_800, 2_800, 12],
    ] as const) {
      const large = await avifOf(width, height, bitdepth)
      expect(await ofPicture(large)).toEqual({ width, height, picture: null })
      expect(await squareOf(large)).toEqual({ width, height, picture: null })
    }
    for (const large of [
      await clear(6_000, 6_000).gif({ effort: 1 }).toBuffer(),
      await clear(6_000, 6_000).png({ compressionLevel: 1, progressive: true }).toBuffer(),
      await clear(100_000, 10).png().toBuffer(),
    ])
      expect((await ofPicture(large)).picture).toBe(null)
    // As large, and read row by row.
    expect(await ofPicture(await solid(6_000, 6_000).jpeg().toBuffer())).toHaveProperty('picture.length')
  })

  const processes = () => {
    const all = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' }).split('\n')
    return all.filter(
      (line) => line.trim().startsWith(`${process.pid} `) && line.includes('thumbnail-process.ts'),
    )
  }

  it('is made in a process of its own that tells what is broken, and is not there any more then', async () => {
    const whole = await solid(400, 400).png().toBuffer()
    const { thumbnail } = (await thumbnailOf({ kind: 'picture', bytes: whole })) as { thumbnail: Thumbnail }
    expect([thumbnail.width, Buffer.from(thumbnail.picture ?? '').toString('latin1', 8, 12)]).toEqual([
      400,
      'WEBP',
    ])
    const half = await solid(400, 400, { r: 1, g: 2, b: 3 }).jpeg().toBuffer()
    expect(await thumbnailOf({ kind: 'picture', bytes: half.subarray(0, 300) })).toHaveProperty('broken')
    expect(processes()).toEqual([])
  })

  it('is waited for no longer than that, whatever native code is in the middle of', async () => {
    const long = await clear(7_050, 7_050).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer()
    const began = Date.now()
    expect(await thumbnailOf({ kind: 'picture', bytes: long }, { withinMs: 500 })).toEqual({
      thumbnail: { width: null, height: null, picture: null },
    })
    expect(Date.now() - began).toBeLessThan(1_750)
    expect(processes()).toEqual([])
  }, 60_000)

  it('is not said to be broken when something else ends its process', async () => {
    const bytes = await solid(3_000, 3_000).png().toBuffer()
    const told = thumbnailOf({ kind: 'picture', bytes })
    const [line = ''] = processes()
    process.kill(Number(line.trim().split(/\s+/)[1]), 'SIGKILL')
    await expect(told).rejects.toMatchObject({
      name: 'ProcessEnded',
      message: expect.stringContaining('SIGKILL'),
    })
  })

  it('is not waited for when its worker stops, nor is its process there any more', async () => {
    const bytes = await solid(3_000, 3_000).png().toBuffer()
    const stop = new AbortController()
    const told = thumbnailOf({ kind: 'picture', bytes }, { signal: stop.signal })
    expect(processes()).toHaveLength(1)
    stop.abort(new Error('this worker stops'))
    await expect(told).rejects.toThrow('this worker stops')
    expect(processes()).toEqual([])
    await expect(thumbnailOf({ kind: 'picture', bytes }, { signal: stop.signal })).rejects.toThrow('stops')
  })

  it('is none of what takes more memory than it may: a picture is broken then, and a document kept', async () => {
    const many = await clear(5_500, 4_500).png({ compressionLevel: 1, progressive: true }).toBuffer()
    const limits = { memory: 140 * 1024 ** 2 }
    expect(await thumbnailOf({ kind: 'picture', bytes: many }, limits)).toEqual({
      broken: expect.stringContaining('memory'),
    })
    expect(await thumbnailOf({ kind: 'picture', bytes: many })).toHaveProperty('thumbnail.picture.length')
    expect(await thumbnailOf({ kind: 'pdf', bytes: Buffer.from(redPage) }, { memory: 1 })).toEqual({
      thumbnail: { width: null, height: null, picture: null },
    })
    expect(processes()).toEqual([])
  })
})
