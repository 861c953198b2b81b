import type { Example } from '../wire/message.ts'
import type { Answer } from './answer.ts'

const bodyKept = 120
const textKept = 200

/** Query parameters whose values are nobody's matter. */
const secret = /([?&][^=&]*(?:token|secret|password|passwd|signature|api[-_]?key|auth|code)[^=&]*=)[^&]*/gi

/**
 * A request that failed, as an example of its kind.
 * @param answer null where there is none
 * @param why in words; '' where the status says it
 */
export const exampleOf = (
  { method, path }: { method: string; path: string },
  answer: Pick<Answer, 'status' | 'body'> | null,
  why: string,
): Omit<Example, 'route' | 'class'> => ({
  request: `${method} ${path.replace(secret, '$1…')}`.slice(0, textKept),
  status: answer?.status ?? 0,
  why: (why || `status ${answer?.status}`).slice(0, textKept),
  body: typeof answer?.body === 'string' ? answer.body.slice(0, bodyKept) : '',
})
