/** What a request says of the answer that it wants. */
type Wanted = {
  method: string
  route: string
  headers?: Readonly<Record<string, string>>
  type?: string
  content?: 'any'
}

/** A good status, and what came with it. */
type Came = {
  headers: Readonly<Record<string, string>>
  /** Null where it was not read. */
  text: string | null
}

/** What a server or a proxy writes on a page that it shows instead of the one that was asked for. */
const errorPage =
  /<(?:title|h1)[^>]*>\s*(?:(?:error\s*)?[45]\d\d\s*(?:<|[-–:|]|error|internal|bad|service|gateway|not found|forbidden|unauthori[sz]ed|too many)|something went wrong|an? (?:unexpected |internal |application )?error (?:has )?occurred|(?:internal )?server error|application error|bad gateway|service (?:is )?(?:temporarily )?unavailable|gateway time-?out|too many requests)/i
/** Such a page says so at its beginning. */
const beginning = 4_096

/**
 * Looks at the content of answers whose status was good, as far as nobody has to say what it is: that there is some, that
 * it is of the type that was asked for, and that it is no error page. What a page should show, `keep` and marks say.
 */
export class ContentCheck {
  /** Routes that answered with something else than HTML. */
  readonly #noPages = new Set<string>()

  /**
   * What is wrong with the answer, in words, or null.
   * @param sent headers that went along: the request's own and those of the session
   */
  problem(wanted: Wanted, { headers, text }: Came, sent = wanted.headers): string | null {
    if (wanted.content === 'any') return null
    const type = (headers['Content-Type'] || '').toLowerCase()
    if (wanted.method === 'GET' && (text === null ? headers['Content-Length'] === '0' : text === ''))
      return 'the answer is empty'
    const asked = (wanted.type || askedFor(sent)).toLowerCase()
    if (asked !== '' && type.slice(0, asked.length) !== asked)
      return `the content type is ${type || 'missing'}, wanted ${asked}`
    const isHtml = type === '' ? (text ?? '').trimStart().startsWith('<') : type.startsWith('text/html')
    const shown = isHtml && text ? errorPage.exec(text.slice(0, beginning)) : null
    if (shown) return `the page is an error page: ${shown[0]}`
    if (asked !== '') return null
    if (!isHtml) this.#noPages.add(wanted.route)
    return isHtml && this.#noPages.has(wanted.route)
      ? 'the answer is HTML, others of this route were not'
      : null
  }
}

/** What `Accept` asks for, where it is one type. */
function askedFor(headers: Wanted['headers']): string {
  if (!headers) return ''
  const accept = (headers.Accept || headers.accept || '').toLowerCase()
  return /^[a-z]+\/[a-z0-9.+-]+$/.test(accept) ? accept : ''
}
