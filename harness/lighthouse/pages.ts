import { createHmac } from 'node:crypto'
import {
  organisationAt,
  type PopulationSpec,
  projectIdAt,
  sessionSubject,
  taskIdAt,
  whaleIndex,
} from '@headroom/fixtures/population.ts'

export type AuditedPath = {
  /** As the app names it. */
  name: string
  path: string
  /** Stands in this page and in no page that one could be led to instead. */
  marker: string
  session: 'nobody' | 'user'
}

export const pageNames = [
  '/',
  '/pricing',
  '/sign-in',
  '/dashboard',
  '/projects/[projectId]',
  '/tasks/[taskId]',
] as const
export type PageName = (typeof pageNames)[number]

/**
 * Every page, as an owner in the largest tenant sees it: the fullest there are.
 * @returns the pages in the order of pageNames, and that user's session token
 */
export function pagesOf(
  spec: PopulationSpec,
  sessionSecret: string,
): { pages: AuditedPath[]; sessionToken: string } {
  const tenant = organisationAt(spec, Math.min(whaleIndex, spec.organisations - 1))
  const { canary, index } = tenant
  const seen = { marker: canary, session: 'user' } as const
  const at: Record<PageName, Omit<AuditedPath, 'name'>> = {
    '/': { path: '/', marker: '<title>Worklane: boards', session: 'nobody' },
    '/pricing': { path: '/pricing', marker: '<title>Pricing', session: 'nobody' },
    '/sign-in': { path: '/sign-in', marker: '<title>Sign in', session: 'nobody' },
    '/dashboard': { path: '/dashboard', ...seen },
    '/projects/[projectId]': { path: `/projects/${projectIdAt(spec, index, 0)}`, ...seen },
    '/tasks/[taskId]': { path: `/tasks/${taskIdAt(spec, index, 0, 0)}`, ...seen },
  }
  return {
    pages: pageNames.map((name) => ({ name, ...at[name] })),
    sessionToken: createHmac('sha256', sessionSecret)
      .update(sessionSubject(spec, tenant.firstUser))
      .digest('base64url'),
  }
}
