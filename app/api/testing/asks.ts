import { type AnyOperation, isRead, methodOf, pathOf } from '@worklane/domain/operation.ts'

/** A question to an API, without its credentials. */
export type Ask = { path: string; init: Omit<RequestInit, 'headers'> & { headers: Record<string, string> } }
export type Input = Record<string, unknown>
/** What answers: our handler in this process, or one behind an address. */
export type App = { request(path: string, init: RequestInit): Response | Promise<Response> }

const json = { 'content-type': 'application/json' }

/** An operation by REST: fields of the path in the path, the others in the query or the body. */
export function restAsk(asked: AnyOperation, input: Input): Ask {
  const rest = { ...input }
  const path = pathOf(asked.rest).replaceAll(/:(\w+)/g, (_, field: string) => {
    const value = encodeURIComponent(String(rest[field]).toWellFormed())
    delete rest[field]
    return value
  })
  if (isRead(asked)) {
    const query = new URLSearchParams(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    )
    return { path: query.size > 0 ? `${path}?${query}` : path, init: { headers: {} } }
  }
  return { path, init: { method: methodOf(asked.rest), body: JSON.stringify(rest), headers: json } }
}

/** The same by tRPC. */
export function trpcAsk(asked: AnyOperation, input: Input): Ask {
  const text = JSON.stringify(input)
  const path = `/trpc/${asked.name}`
  if (isRead(asked)) return { path: `${path}?input=${encodeURIComponent(text)}`, init: { headers: {} } }
  return { path, init: { method: 'POST', body: text, headers: json } }
}

export const asSession = ({ path, init }: Ask, token: string): Ask => ({
  path,
  init: { ...init, headers: { ...init.headers, cookie: `authjs.session-token=${token}` } },
})

export const asKey = ({ path, init }: Ask, key: string): Ask => ({
  path,
  init: { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } },
})

export async function send(
  app: App,
  { path, init }: Ask,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await app.request(path, init)
  return { status: response.status, text: await response.text(), headers: response.headers }
}
