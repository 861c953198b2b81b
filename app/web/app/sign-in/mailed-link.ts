type Mailed = { email: string; token: string; callbackUrl: string }

/** As z.email() has it, whose library would be most of what this page weighs. */
const address =
  /^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/
const longest = 200

/**
 * What a link that was mailed brings with it; null where somebody came otherwise, and `broken` where it names no e-mail
 * address: whoever writes a link writes no text of this page.
 */
export function mailedLink(parameters: URLSearchParams): Mailed | 'broken' | null {
  const [email, token] = [parameters.get('email'), parameters.get('token')]
  if (!email || !token) return null
  if (email.length > longest || !address.test(email)) return 'broken'
  return { email, token, callbackUrl: parameters.get('callbackUrl') ?? '' }
}
