/**
 * What a spreadsheet takes for a formula by the first character of a cell, in its ordinary and its full width. Source:
 * OWASP, "CSV Injection".
 */
const sign = '[=+\\-@＝＋－＠]'
/** What begins a cell elsewhere: the list separators of other countries and programs, and the end of a line. */
const separator = '[;\\t|\\r\\n]'

/**
 * A sign with which a cell could begin: at the start of a text, and after each separator. Marks in between do not help: a
 * spreadsheet reads `""=1` as `=1`. The sign is looked for first, which is quick in a long text without one.
 */
const begins = (end: string) => `(?<=(?:^|${separator})['"]*${end})`
const formula = new RegExp(`${sign}${begins(sign)}`, 'g')
const defused = new RegExp(`'(${sign})${begins(`'${sign}`)}`, 'g')
/** Programs strip what is blank before a formula. */
const blank = /^'*(?=[\t\r\n])/

/**
 * A text that no spreadsheet runs, whichever list separator it splits lines by: an apostrophe stands before each sign
 * that could begin a formula, and one more where there is one already, so that `readable` gives back every text as it was.
 */
export const harmless = (text: string): string => text.replace(blank, "$&'").replaceAll(formula, "'$&")

/**
 * The text of a cell that `harmless` made; any other cell is given back as it is. One that somebody wrote may look as if
 * it were made (an apostrophe before `@` at the begin of a line): only of a file of ours is it for sure.
 */
export function readable(cell: string): string {
  const text = cell.replace(blank, (marks) => marks.slice(1)).replaceAll(defused, '$1')
  return harmless(text) === cell ? text : cell
}
