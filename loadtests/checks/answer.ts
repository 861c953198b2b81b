import type { RefinedResponse, ResponseType } from 'k6/http'
import type { ErrorClass } from '../wire/message.ts'

/** k6's error codes, https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
const timeoutCodes = new Set([1050, 1211, 1212, 1213])

export type Answer = RefinedResponse<ResponseType | undefined>

/** What is wrong with an answer, or null. */
export function errorOf(answer: Answer, expected: number): ErrorClass | null {
  const { status } = answer
  if (status === expected) return null
  if (status === 0) return timeoutCodes.has(answer.error_code) ? 'timeout' : 'connection'
  if (status >= 500) return '5xx'
  // A page sends who is not signed in away, the API says 401.
  if (status === 401 || (status >= 300 && status < 400)) return 'signed-out'
  return status >= 400 ? '4xx' : 'wrong-content'
}

const canaryLength = 'cnr-'.length + 20

/** The first canary in the text that is not the reader's own, or null. */
export function foreignCanary(text: string, own: string): string | null {
  for (let at = text.indexOf('cnr-'); at >= 0; at = text.indexOf('cnr-', at + 4)) {
    const found = text.slice(at, at + canaryLength)
    if (found !== own && /^cnr-[0-9a-f]{20}$/.test(found)) return found
  }
  return null
}
