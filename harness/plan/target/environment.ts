import type { Access } from './access.ts'
import { proxyFor } from './proxy.ts'
import { goTrust } from './trust.ts'

/**
 * What k6 needs in its environment to reach a target as the harness does. The proxy is decided here, for this one
 * target; Go never sends what is for this machine, and so the collector, through it.
 */
export function reaching(target: string, { authorization, insecure }: Access): Record<string, string> {
  const proxy = proxyFor(target)
  const isSecure = target.startsWith('https:')
  return {
    ...(authorization === '' ? {} : { HEADROOM_TARGET_AUTHORIZATION: authorization }),
    ...(insecure ? { K6_INSECURE_SKIP_TLS_VERIFY: 'true' } : {}),
    ...(proxy === '' ? {} : { [isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY']: proxy }),
    ...(isSecure || proxy.startsWith('https:') ? goTrust() : {}),
  }
}
