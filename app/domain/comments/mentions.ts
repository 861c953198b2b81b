import { beginningOf } from '../text.ts'

const mention = /@\[([^\]\n]{1,120})\]\(([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)/g

/** The users whom a text mentions as `@[Name](user-id)`, each once. */
export const mentionsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(mention)].map((match) => match[2] as string)),
]

/** The beginning of a text in one line, mentions as names. */
export function excerptOf(text: string, length = 140): string {
  const plain = text.replaceAll(mention, '@$1').replaceAll(/\s+/g, ' ').trim()
  return plain.length <= length ? plain : `${beginningOf(plain, length - 1)}…`
}
