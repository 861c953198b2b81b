import type { RefinedResponse, ResponseType } from 'k6/http'
import type { ErrorClass } from '../wire/message.ts'

/** k6's error codes, https://grafana.com/docs/k6/latest/javascript-api/error-codes/: of the request, and of a dial. */
const timeoutCodes = new Set([1050, 1211])
/** The body is not what its Content-Encoding says. */
const undecoded = 1701

export type Answer = RefinedResponse<ResponseType | undefined>

/** What Go says when this machine, not the target, has nothing left to connect with. */
const ownTrouble = /cannot assign requested address|too many open files|no buffer space/

export const timedOut = (answer: Answer): boolean => timeoutCodes.has(answer.error_code)

/** What is wrong with an answer, or null. */
export function errorOf(answer: Answer, expected: number, conditional = false): ErrorClass | null {
  const { status } = answer
  if (status === expected || (conditional && status === 304)) return null
  if (status === 0) {
    if (ownTrouble.test(answer.error)) return 'generator'
    if (answer.error_code === undecoded) return 'wrong-content'
    return timedOut(answer) ? 'timeout' : 'connection'
  }
  if (status === 429) return 'limited'
  if (status >= 500) return '5xx'
  // A page sends who is not signed in away, the API says 401.
  if (status === 401 || (status >= 300 && status < 400)) return 'signed-out'
  return status >= 400 ? '4xx' : 'wrong-content'
}

const canary = /cnr-[0-9a-f]{20}/g

/** The first canary in the text that is not the reader's own, or null. */
export function foreignCanary(text: string, own: string): string | null {
  // Nearly always all are the reader's own, and counting is native code where looking at each is not.
  if (text.split('cnr-').length === text.split(own).length) return null
  return (text.match(canary) || []).find((found) => found !== own) || null
}
