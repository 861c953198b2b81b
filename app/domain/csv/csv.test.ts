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
  fc.string({ unit: fc.constantFrom(...`"';,|\\=+-@\t\n a１＝`) }),
)

describe('a table in CSV', () => {
  it('is read as it was written, whatever its cells hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(texts, { minLength: width, maxLength: width }), { maxLength: 8 }),
          ),
        async (rows) => {
          const heading = (rows[0] ?? ['']).map((_, index) => `column ${index}`)
          const read = await csvLines(byteOrderMark + csvRows([heading, ...rows]))
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

  it('may stand apart by semicolons or tabs, and begin with a mark', async () => {
    const cells = async (text: string) => (await csvLines(text)).map((each) => each.cells)
    expect(await cells('a;b;c,d\r\n1;2;3\r\n')).toEqual([
      ['a', 'b', 'c,d'],
      ['1', '2', '3'],
    ])
    expect(await cells('\uFEFFa\tb\n"x\ty"\tz')).toEqual([
      ['a', 'b'],
      ['x\ty', 'z'],
    ])
  })

  it('has lines as an editor counts them, past empty ones and those within a cell', async () => {
    const text = 'a,b\r\n1,2\r\n\r\n"three\r\nfour",4\r\n\r\n5,6'
    expect((await csvLines(text)).map(({ line }) => line)).toEqual([1, 2, 4, 7])
  })

  it('is read in pieces, and a letter or a mark may be cut between two of them', async () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => [`ä😀"${n}`, '€'.repeat(n % 7), 'a\n"b"'])
    const read = await csvLines(csvRows(rows))
    expect(read.map(({ cells }) => cells)).toEqual(rows)
    expect(read.at(-1)?.line).toBe(5_999)
  })

  it('is read no further than to the first row that is beyond a limit', async () => {
    const limits = { columns: 3, lines: 2 }
    await expect(csvLines('a,b,c\n1,2,3,4\n5', limits)).resolves.toHaveLength(3)
    await expect(csvLines('\na,b,c,d\n1', limits)).rejects.toMatchObject({
      line: 2,
      message: expect.stringContaining('4 columns, and a file may have 3'),
    })
    await expect(csvLines(`a\n1\n2\n3\n${'4\n'.repeat(9_000)}"x`, limits)).rejects.toMatchObject({
      line: 4,
      message: expect.stringContaining('more than the 2'),
    })
  })

  it('is refused where it is none, with the line and what to do', async () => {
    await expect(csvLines('a,b\n1,2\n3,"4')).rejects.toThrow(Unreadable)
    await expect(csvLines('a,b\n1,2\n3,4"5')).rejects.toThrow('put the cell into marks')
    await expect(csvLines('a,b\n"3"x,5')).rejects.toThrow('double the marks')
  })
})

/** The cells of a file as spreadsheets split it: marks may end in the middle of a cell, and what follows is part of it. */
function cellsBy(separator: string, file: string): string[] {
  const cells: string[] = []
  let [cell, isQuoted, isNew] = ['', false, true]
  for (let at = 0; at < file.length; at++) {
    const sign = file[at] as string
    if (isQuoted && sign === '"' && file[at + 1] === '"') cell += file[++at]
    else if (isQuoted && sign === '"') isQuoted = false
    else if (!isQuoted && isNew && sign === '"') isQuoted = true
    else if (!isQuoted && (sign === separator || /[\r\n]/.test(sign))) {
      cells.push(cell)
      cell = ''
      isNew = true
      continue
    } else cell += sign
    isNew = false
  }
  return [...cells, cell]
}

describe('a text in which a formula could begin', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1', "'＝1"],
    ['\t=1', "'\t'=1"],
    ['\r=1', "'\r'=1"],
    ['\n=1', "'\n'=1"],
    ['\t1', "'\t1"],
    ["'=1", "''=1"],
    ["''=1", "'''=1"],
    ['x;=HYPERLINK(A1);y', "x;'=HYPERLINK(A1);y"],
    ["x;'=1", "x;''=1"],
    ['x|@1\t+2', "x|'@1\t'+2"],
    ['one\n- two', "one\n'- two"],
    ['x;"=1', `x;"'=1`],
  ])('is made harmless and given back: %j', (text, cell) => {
    expect(harmless(text)).toBe(cell)
    expect(readable(cell)).toBe(text)
  })

  it.each(['', 'a=1', "'tis the season", "it's", ' =1', '1-2', 'one\n\ntwo', "a;'b", 'a; b'])(
    'is not every text: %j',
    (text) => {
      expect(harmless(text)).toBe(text)
      expect(readable(text)).toBe(text)
    },
  )

  it('is always given back as it was', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(readable(harmless(text))).toBe(text)
      }),
      { numRuns: 5_000, seed: 20_261_201 },
    )
  })

  it.each(["one\n- two\n'- three", "=1;'=2", "\tone\n'- two", "\t'=1"])(
    'is nothing that was ever made harmless, and stays as it is: %j',
    (cell) => {
      expect(readable(cell)).toBe(cell)
    },
  )

  it('is changed back only where it is what was made of that', () => {
    fc.assert(
      fc.property(texts, (cell) => {
        const text = readable(cell)
        if (text !== cell) expect(harmless(text)).toBe(cell)
      }),
      { numRuns: 5_000, seed: 20_261_201 },
    )
  })

  it('would begin a cell of a table that the library writes by itself', () => {
    expect(stringify([['=1', '-1']])).toBe('=1,-1\n')
    const file = stringify([
      ['ATL-1', 'x;=1'],
      ['ATL-2', 'x\n;"=2'],
    ])
    expect(cellsBy(';', file)).toEqual(['ATL-1,x', '=1', 'ATL-2,"x', '', '=2"', ''])
  })

  it.each([',', ';', '\t', '|'])('never begins a cell of ours where lines are split by %j', (separator) => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), (row) => {
        const file = csvRows([['ATL-1', ...row, { after: row }], row])
        expect(cellsBy(separator, file).filter((cell) => /^[=+\-@＝＋－＠]/u.test(cell))).toEqual([])
      }),
      { numRuns: 5_000, seed: 20_261_201 },
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
