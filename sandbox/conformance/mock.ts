import type { Exchange } from '../http/api.ts'
import type { Share } from './recorder.ts'

/**
 * Plays requests to a stripe-mock, which checks each against its own copy of Stripe's document.
 * @param origin of a stripe-mock that runs
 */
export async function playToMock(origin: string, exchanges: readonly Exchange[]): Promise<Share> {
  const problems = new Set<string>()
  let valid = 0
  const accepted = exchanges.filter(({ status }) => status < 400)
  for (const { method, route, path, form } of accepted) {
    const isPost = method === 'POST'
    const response = await fetch(`${origin}${path}${!isPost && form ? `?${form}` : ''}`, {
      method,
      headers: {
        Authorization: 'Bearer sk_test_123',
        ...(isPost ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(isPost ? { body: form } : {}),
    })
    const text = await response.text()
    if (response.ok) valid++
    else problems.add(`${route}: ${response.status} ${messageOf(text)}`)
  }
  return { checked: accepted.length, valid, problems: [...problems] }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text
  } catch {
    return text
  }
}
