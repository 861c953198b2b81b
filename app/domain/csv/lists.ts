/** Several texts in one cell: `;` between them, and a `\` before what is part of a text. */
export const joined = (texts: readonly string[]): string =>
  texts.map((text) => text.replaceAll(/[\\;]/g, String.raw`\$&`)).join('; ')

/** The texts of such a cell, without the blanks around them; none of an empty one. */
export function separated(cell: string): string[] {
  const texts: string[] = ['']
  for (const [part] of cell.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (part === ';') texts.push('')
    else texts[texts.length - 1] += part.length > 1 ? part.slice(1) : part
  }
  return texts.map((text) => text.trim()).filter((text) => text !== '')
}
