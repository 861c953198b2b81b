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

const canary = /cnr-[0-9a-f]{20}/g

/** The first canary in the text that is not the reader's own, or null. */
export function foreignCanary(text: string, own: string): string | null {
  // Nearly always all are the reader's own, and counting is native code where looking at each is not.
  if (text.split('cnr-').length === text.split(own).length) return null
  return (text.match(canary) || []).find((found) => found !== own) || null
}
