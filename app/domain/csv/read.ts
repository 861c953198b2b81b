import { pipeline } from 'node:stream/promises'
import { type CsvError, parse } from 'csv-parse'
import { loopShare } from '../loop-share.ts'

/** A row of a file. */
export type Line = {
  /** Where it begins, as an editor counts: the first line of the file is 1. */
  line: number
  cells: string[]
}

/** How large a file may be: its columns by its first row, and the rows below that. */
export type CsvLimits = { columns: number; lines: number }
const unlimited: CsvLimits = { columns: Number.POSITIVE_INFINITY, lines: Number.POSITIVE_INFINITY }

/** What is no table, or one that is too large, and where. */
export class Unreadable extends Error {
  override name = 'Unreadable'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/**
 * The rows of a file, without its byte order mark and its empty lines. A line ends by `\n`, in cells as well. Columns may
 * stand apart by comma, semicolon or tab, whichever the first line has the most of: that is how spreadsheets of
 * different countries save. It reads in pieces, between which the event loop is free, and stops at the first row that is
 * beyond a limit.
 * @throws Unreadable
 */
export async function csvLines(text: string, limits: CsvLimits = unlimited): Promise<Line[]> {
  const plain = text.replaceAll(/\r\n?/g, '\n')
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(plain),
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
    raw: true,
  })
  const lines: Line[] = []
  try {
    await pipeline(piecesOf(Buffer.from(plain)), parser, async (records: AsyncIterable<Parsed>) => {
      for await (const { record, info, raw } of records) {
        // What was skipped before it stands in `raw` as well.
        const line = info.lines - lineEnds(raw.trim())
        if (lines.length === 0 && record.length > limits.columns)
          throw new Unreadable(
            line,
            `has ${record.length} columns, and a file may have ${limits.columns}: leave out those that are not needed`,
          )
        if (lines.length > limits.lines)
          throw new Unreadable(line, `is one line more than the ${limits.lines} that a file may have`)
        lines.push({ line, cells: record })
      }
    })
    return lines
  } catch (error) {
    if (!isCsvError(error)) throw error
    throw new Unreadable(Number(error.lines ?? 1), words[error.code] ?? 'cannot be read as CSV')
  }
}

type Parsed = { record: string[]; info: { lines: number }; raw: string }

/** So many bytes of the shortest lines are parsed in a few milliseconds. */
const pieceBytes = 2_048

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  const share = loopShare()
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes)
    await share()
  }
}

const lineEnds = (text: string): number => text.split('\n').length - 1

/** By as much of the first line as tells. */
function delimiterOf(text: string): string {
  const first = /^[^\n]{0,10000}/.exec(text)?.[0] ?? ''
  const counted = [',', ';', '\t'].map((sign) => ({ sign, count: first.split(sign).length }))
  return counted.reduce((most, each) => (each.count > most.count ? each : most)).sign
}

const isCsvError = (error: unknown): error is CsvError =>
  error instanceof Error && 'code' in error && /^CSV_|^INVALID_OPENING_QUOTE$/.test(String(error.code))

const words: Partial<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'has a quotation mark that is never closed',
  CSV_INVALID_CLOSING_QUOTE:
    'has something behind a closing quotation mark: double the marks inside of a cell',
  INVALID_OPENING_QUOTE:
    'has a quotation mark in a cell that does not begin with one: put the cell into marks',
}
