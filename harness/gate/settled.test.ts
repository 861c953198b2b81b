import { describe, expect, it } from 'vitest'
import { settledBytes } from './settled.ts'

const nonce = 'nonce="KI3CWK+FJTFK5ksuoxbK4Q=="'
const data = (text: string) => `<script ${nonce}>self.__next_f.push([1,"${text}"])</script>`
const atOnce = `<main><ul><li>one</li><li>two</li></ul></main>${data('1:one\\n2:two\\n')}`
const inParts = [
  '<main><ul><template id="P:3"></template><template id="P:4"></template></ul></main>',
  data('1:one\\n'),
  '<div hidden id="S:3"><li>one</li></div>',
  `<script ${nonce}>$RS=function(a,b){for(a.b;a.c<1;)b.d(a)};$RS("S:3","P:3")</script>`,
  data('2:two\\n'),
  '<div hidden id="S:4"><li>two</li></div>',
  `<script ${nonce}>$RS("S:4","P:4")</script>`,
].join('')

describe('what a document holds', () => {
  it('is the same however its parts arrived', () => {
    expect(settledBytes(inParts)).toBe(settledBytes(atOnce))
    expect(settledBytes(inParts)).toBeLessThan(Buffer.byteLength(inParts) / 2)
  })

  it('is more by what stands in it more, in a part as well', () => {
    const more = (html: string) => html.replace('<li>two', '<li hidden>two')
    expect(settledBytes(more(inParts))).toBe(settledBytes(inParts) + ' hidden'.length)
    expect(settledBytes(`${atOnce}<script>go()</script>`)).toBe(settledBytes(atOnce) + 21)
  })

  it('is all of it where nothing is handed over', () => {
    expect(settledBytes('{"name":"Zoë"}')).toBe(15)
  })
})
