import { describe, expect, it } from 'vitest'
import { dispositionOf } from './disposition.ts'

describe('the name that a download is kept under', () => {
  it.each([
    ['a.png', `attachment; filename="a.png"; filename*=UTF-8''a.png`],
    ['Größe (1).pdf', `attachment; filename="Groe (1).pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%281%29.pdf`],
    ['../../etc/x.txt', `attachment; filename=".._.._etc_x.txt"; filename*=UTF-8''.._.._etc_x.txt`],
    [
      'say "hi"; x=1.txt',
      `attachment; filename="say _hi__ x=1.txt"; filename*=UTF-8''say%20%22hi%22%3B%20x%3D1.txt`,
    ],
    ['図.png', `attachment; filename=".png"; filename*=UTF-8''%E5%9B%B3.png`],
  ])('%s', (name, header) => expect(dispositionOf('attachment', name)).toBe(header))
})
