/**
 * What a spreadsheet takes for a formula by the first character of a cell, in its ordinary and its full width. Source:
 * OWASP, "CSV Injection".
 */
const sign = '[=+\\-@＝＋－＠]'
/** What begins a cell elsewhere: the list separators of other countries and programs, and the end of a line. */
const separator = '[;\\t|\\r\\n]'

/**
 * Where a text could begin a cell with a formula: at its start, also behind blanks that a program strips, and after each
 * separator. Marks in between do not help: a spreadsheet reads `""=1` as `=1`.
 */
const starts = new RegExp(`(?<=^|${separator})['"]*(?=${sign})|^'*(?=[\\t\\r\\n])`, 'g')

/**
 * A text that no spreadsheet runs, whichever list separator it splits lines by: an apostrophe stands before each sign
 * that could begin a formula, and one more where there is one already, so that `readable` gives back every text as it was.
 */
export const harmless = (text: string): string => text.replaceAll(starts, "$&'")

/** The text of a cell that `harmless` made. */
export const readable = (cell: string): string =>
  cell.replaceAll(starts, (marks) => (marks.endsWith("'") ? marks.slice(0, -1) : marks))
