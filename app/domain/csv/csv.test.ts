import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { harmless, readable } from './formulas.ts'
import { joined, separated } from './lists.ts'
import { csvLines, Unreadable } from './read.ts'
import { byteOrderMark, csvRows } from './write.ts'

const texts = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  // What CSV, spreadsheets and lists give a meaning to.
  fc.string({ unit: fc.constantFrom(...`"';,\\=+-@\t\n a１＝`) }),
)

describe('a table in CSV', () => {
  it('is read as it was written, whatever its cells hold', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(texts, { minLength: width, maxLength: width }), { maxLength: 8 }),
          ),
        (rows) => {
          const heading = (rows[0] ?? ['']).map((_, index) => `column ${index}`)
          const read = csvLines(byteOrderMark + csvRows([heading, ...rows]))
          // An empty line is none; a line ends in one way.
          const plain = rows
            .map((row) => row.map((cell) => cell.replaceAll(/\r\n?/g, '\n')))
            .filter((row) => row.length > 1 || row[0] !== '')
          expect(read.slice(1).map(({ cells }) => cells.map(readable))).toEqual(plain)
        },
      ),
      { numRuns: 500, seed: 20_261_201 },
    )
  })

  it('may stand apart by semicolons or tabs, and begin with a mark', () => {
    const cells = (text: string) => csvLines(text).map((each) => each.cells)
    expect(cells('a;b;c,d\r\n1;2;3\r\n')).toEqual([
      ['a', 'b', 'c,d'],
      ['1', '2', '3'],
    ])
    expect(cells('\uFEFFa\tb\n"x\ty"\tz')).toEqual([
      ['a', 'b'],
      ['x\ty', 'z'],
    ])
  })

  it('has lines as an editor counts them, past empty ones and those within a cell', () => {
    const text = 'a,b\r\n1,2\r\n\r\n"three\r\nfour",4\r\n\r\n5,6'
    expect(csvLines(text).map(({ line }) => line)).toEqual([1, 2, 4, 7])
  })

  it('is refused where it is none, with the line and what to do', () => {
    expect(() => csvLines('a,b\n1,2\n3,"4')).toThrow(Unreadable)
    expect(() => csvLines('a,b\n1,2\n3,4"5')).toThrow('put the cell into marks')
    expect(() => csvLines('a,b\n"3"x,5')).toThrow('double the marks')
  })
})

describe('a text that begins like a formula', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', "'=1", "''=1"])(
    'is made harmless and given back: %j',
    (text) => {
      expect(harmless(text)).toBe(`'${text}`)
      expect(readable(harmless(text))).toBe(text)
    },
  )

  it.each(['', 'a=1', "'tis the season", "it's", ' =1', '1-2'])('is not every text: %j', (text) => {
    expect(harmless(text)).toBe(text)
    expect(readable(text)).toBe(text)
  })

  it('would begin a cell of a table that the library writes by itself', () => {
    expect(stringify([['=1', '-1']])).toBe('=1,-1\n')
  })

  it('never begins a cell of ours', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const cell = csvLines(`x\n${csvRows([[text, 'end']])}`)[1]?.cells[0] ?? ''
        expect(cell).not.toMatch(/^[=+\-@\t\r＝＋－＠]/u)
      }),
      { numRuns: 500, seed: 20_261_201 },
    )
  })
})

it('a list in a cell is read as it was written', () => {
  const names = texts.map((text) => text.trim()).filter((text) => text !== '')
  fc.assert(
    fc.property(fc.array(names), (list) => {
      expect(separated(joined(list))).toEqual(list)
    }),
    { numRuns: 500, seed: 20_261_201 },
  )
})
