import { RefusedConnection } from './refused-connection.ts'

/**
 * What keeps a URL from being read as its author meant it, before any parser guesses: a `#` ends it, a `/` ends its
 * host, and parsers differ in what they make of a lone `%`.
 * @param form how it should look
 * @throws RefusedConnection
 */
export function assertPlain(variable: string, text: string, form: { scheme: RegExp; example: string }): void {
  const refuse = (problem: string, fix: string) => {
    throw new RefusedConnection(variable, problem, fix)
  }
  if (text === '') refuse('is empty', `write ${form.example}, or unset it`)
  if (!form.scheme.test(text)) refuse('is no address of its kind', `write ${form.example}`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\s\u0000-\u001f\u007f"`<>\\]/.test(text))
    refuse('holds a space, a quote or another character that no URL has', 'write it as %20, %22 and so on')
  if (text.includes('#')) refuse('holds a #, which ends a URL', 'write it as %23')
  if (/%(?![0-9a-f]{2})/i.test(text)) refuse('holds a % that nothing follows', 'write it as %25')
  const [, authority = '', path = ''] = /^[^:]+:\/\/([^/?]*)([^?]*)/.exec(text) ?? []
  if (path.includes('@'))
    refuse('holds an @ after a /', 'write / as %2F, ? as %3F and @ as %40 in user and password')
  if (/,/.test(authority.slice(authority.lastIndexOf('@') + 1)))
    refuse('names several hosts', 'name one: the primary, or a proxy before them')
}

/** The parameters of a URL's query. @throws RefusedConnection where one is given twice, or is none of those known */
export function parametersOf(
  variable: string,
  text: string,
  known: readonly string[],
): Record<string, string> {
  const start = text.indexOf('?')
  const found: Record<string, string> = {}
  if (start === -1) return found
  // A space to some parsers, a plus to others.
  if (/[?&](user|username|password|dbname|host)=[^&]*\+/.test(text))
    throw new RefusedConnection(variable, 'holds a + in its query', 'write it as %2B, and a space as %20')
  for (const [name, value] of new URLSearchParams(text.slice(start + 1))) {
    // It may be a piece of a password with a ? in it: it is not repeated.
    if (!known.includes(name))
      throw new RefusedConnection(
        variable,
        'has a parameter that means nothing here',
        `leave all out but ${known.join(', ')}; in a password ? is %3F`,
      )
    if (name in found) throw new RefusedConnection(variable, `gives ${name} twice`, 'give it once')
    found[name] = value
  }
  return found
}
