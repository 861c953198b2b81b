/**
 * What a spreadsheet takes for a formula by its first character, in its ordinary and its full width. Source: OWASP,
 * "CSV Injection".
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/u

/**
 * A text that no spreadsheet runs: an apostrophe stands before what begins like a formula, and one more before what
 * would look so, so that `readable` gives back every text as it was.
 */
export const harmless = (text: string): string => (formula.test(text) ? `'${text}` : text)

/** The text of a cell that `harmless` made. */
export const readable = (cell: string): string =>
  cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell
