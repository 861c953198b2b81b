import type { Journey, Visitor } from './contract.ts'

/**
 * A journey whose steps are looked at before anything is sent: a request that cannot be asked is the journey's fault,
 * and would else be counted as the target's.
 * @param refuse ends the run and says why
 */
export function checked<State>(journey: Journey<State>, refuse: (what: string) => never): Journey<State> {
  const routes = new Set(Object.keys(journey.limits))
  const { start, session, marks } = journey
  const careful = <Result>(where: string, call: () => Result): Result => {
    try {
      return call()
    } catch (error) {
      return refuse(`${where} throws ${thrown(error)}`)
    }
  }
  const steps: Record<string, Journey<State>['steps'][string]> = {}
  for (const [name, step] of Object.entries(journey.steps))
    steps[name] = (visitor) => {
      const requests = careful(`step "${name}"`, () => step(visitor))
      if (!Array.isArray(requests))
        return refuse(`step "${name}" returns ${told(requests)}, not an array of requests`)
      for (let place = 0; place < requests.length; place++) {
        const wrong = wrongIn(requests[place], routes)
        if (wrong !== null) refuse(`step "${name}", request ${place + 1}: ${wrong}`)
      }
      return requests
    }
  return {
    ...journey,
    steps,
    ...(start ? { start: (visitor) => careful('start', () => start.call(journey, visitor)) } : {}),
    ...(session
      ? {
          session: (visitor: Visitor<State>, token: (subject: string) => string) => {
            const headers = careful('session', () => session.call(journey, visitor, token))
            const wrong = wrongHeaders(headers)
            return wrong === null ? headers : refuse(`session: ${wrong}`)
          },
        }
      : {}),
    ...(marks
      ? {
          marks: {
            ...marks,
            own: (visitor: Visitor<State>) => {
              const own: unknown = careful('marks.own', () => marks.own(visitor))
              return typeof own === 'string' && own !== ''
                ? own
                : refuse(`marks.own returns ${told(own)}, not a text`)
            },
          },
        }
      : {}),
  }
}

const methods = new Set<unknown>(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** The first field that cannot be sent, and why; null where all can. */
function wrongIn(request: unknown, routes: ReadonlySet<string>): string | null {
  if (typeof request !== 'object' || request === null) return `is ${told(request)}, not a request`
  const { method, route, path, headers, body, expect, keep } = request as Record<string, unknown>
  if (!methods.has(method)) return `method is ${told(method)}: it must be ${[...methods].join(', ')}`
  if (typeof route !== 'string') return `route is ${told(route)}, not a text`
  if (!routes.has(route)) return `route ${told(route)} has no limit in journey.limits`
  const wrongPath = pathWrong(path)
  if (wrongPath !== null) return `path ${wrongPath}`
  if (body !== undefined && body !== null && typeof body !== 'string')
    return `body is ${told(body)}, not a text: JSON.stringify makes one`
  if (expect !== undefined && !(Number.isInteger(expect) && Number(expect) >= 200 && Number(expect) < 600))
    return `expect is ${told(expect)}, not a status from 200 to 599`
  if (keep !== undefined && typeof keep !== 'function') return `keep is ${told(keep)}, not a function`
  return headers === undefined ? null : wrongHeaders(headers)
}

function pathWrong(path: unknown): string | null {
  if (typeof path !== 'string') return `is ${told(path)}, not a text`
  if (/^[a-z][a-z0-9+.-]*:/i.test(path))
    return `is ${told(path)}: it is asked below the target, so give no origin`
  if (path[0] !== '/') return `is ${told(path)}: it must begin with /`
  if (hasControl(path, ' '))
    return `is ${told(path)}: encodeURIComponent makes spaces and control characters fit`
  if (/%(?![0-9a-f]{2})/i.test(path)) return `is ${told(path)}: a % of its own is written %25`
  if (path.includes('#')) return `is ${told(path)}: what follows # is never sent`
  return null
}

/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function wrongHeaders(headers: unknown): string | null {
  if (typeof headers !== 'object' || headers === null) return `headers are ${told(headers)}, not an object`
  for (const [name, value] of Object.entries(headers)) {
    if (!token.test(name) || name.includes('\n'))
      return `header ${told(name)} is no name that a header can have`
    if (typeof value !== 'string') return `header ${name} is ${told(value)}, not a text`
    if (hasControl(value, '\t'))
      return `header ${name} is ${told(value)}: it may hold no line breaks or other control characters`
  }
  return null
}

/** @param at a space: not allowed either; a tab: allowed */
function hasControl(text: string, at: ' ' | '\t'): boolean {
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (code === 127 || (code < 32 && !(at === '\t' && code === 9)) || (at === ' ' && code === 32))
      return true
  }
  return false
}

/** As a person would write it, and not too long. */
function told(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) {
    if ('then' in value) return 'a promise'
    if (Array.isArray(value)) return 'an array'
    return 'an object'
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** What was thrown, and the first place in the journey's own code. */
function thrown(error: unknown): string {
  if (!(error instanceof Error)) return told(error)
  const [, place] = /^\s*at (?:.*\()?(?:file:\/\/)?(.+?:\d+:\d+)/m.exec(error.stack ?? '') ?? []
  return `${error}${place ? ` (${place})` : ''}`
}
