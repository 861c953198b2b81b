import { type CsvError, parse } from 'csv-parse/sync'

/** A row of a file. */
export type Line = {
  /** Where it begins, as an editor counts: the first line of the file is 1. */
  line: number
  cells: string[]
}

/** What is no table, and where. */
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
 * different countries save.
 * @throws Unreadable
 */
export function csvLines(text: string): Line[] {
  try {
    const plain = text.replaceAll(/\r\n?/g, '\n')
    const parsed = parse(plain, {
      bom: true,
      delimiter: delimiterOf(plain),
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
      raw: true,
    }) as unknown as Parsed[]
    return parsed.map(({ record, info, raw }) => ({
      // What was skipped before it stands in `raw` as well.
      line: info.lines - lineEnds(raw.trim()),
      cells: record,
    }))
  } catch (error) {
    if (!isCsvError(error)) throw error
    throw new Unreadable(Number(error.lines ?? 1), words[error.code] ?? 'cannot be read as CSV')
  }
}

type Parsed = { record: string[]; info: { lines: number }; raw: string }

const lineEnds = (text: string): number => text.split('\n').length - 1

function delimiterOf(text: string): string {
  const first = /^[^\n]*/.exec(text)?.[0] ?? ''
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
