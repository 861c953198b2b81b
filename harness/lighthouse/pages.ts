import {
  organisationAt,
  type PopulationSpec,
  projectIdAt,
  taskAt,
  taskCount,
  whaleIndex,
} from '@headroom/fixtures/population.ts'
import { sessionToken } from '@headroom/seed/rows.ts'

export type AuditedPath = {
  /** As the app names it. */
  name: string
  path: string
  /** Stands in this page and in no page that one could be led to instead. */
  marker: string
  session: 'nobody' | 'user'
}

/** What a page's own title begins with, or the canary of the tenant whose page it is. */
const titled = (title: string) => `<title>${title}`

const outside = {
  '/': titled('Worklane: boards'),
  '/pricing': titled('Pricing'),
  '/docs': titled('API reference'),
  '/status': titled('Status'),
  '/sign-in': titled('Sign in'),
  '/sign-up': titled('Create your account'),
  '/invitations/[token]': titled('Invitation'),
  '/unsubscribe/[token]': titled('Unsubscribe'),
} as const

const inside = [
  '/dashboard',
  '/projects/[projectId]',
  '/tasks',
  '/tasks/[taskId]',
  '/search',
  '/notifications',
  '/reports',
  '/onboarding',
  '/settings/profile',
  '/settings/security',
  '/settings/notifications',
  '/settings/organisation',
  '/settings/members',
  '/settings/labels',
  '/settings/api-keys',
  '/settings/webhooks',
  '/settings/audit',
  '/settings/exports',
  '/settings/imports',
  '/settings/billing',
] as const

/** Those whose content need not hold a text of the tenant's own: who is not signed in is led away from them. */
const withoutCanary: Partial<Record<(typeof inside)[number], string>> = {
  '/search': titled('Search'),
  '/reports': titled('Reports'),
  '/onboarding': titled('Start your first project'),
  '/settings/profile': titled('Profile'),
  '/settings/security': titled('Security'),
  '/settings/notifications': titled('E-mail notifications'),
  '/settings/organisation': titled('Organisation'),
  '/settings/members': titled('Members'),
  '/settings/labels': titled('Labels'),
  '/settings/api-keys': titled('API keys'),
  '/settings/webhooks': titled('Webhooks'),
  '/settings/audit': titled('Audit log'),
  '/settings/exports': titled('Exports'),
  '/settings/imports': titled('Import'),
  '/settings/billing': titled('Billing'),
}
const markers: Partial<Record<string, string>> = { ...outside, ...withoutCanary }

export type PageName = keyof typeof outside | (typeof inside)[number]
export const pageNames = [...Object.keys(outside), ...inside] as PageName[]

/** The tenant whose pages are the fullest. */
export const largestOf = ({ organisations }: PopulationSpec): number =>
  Math.min(whaleIndex, organisations - 1)

/** Of an organisation's projects so many are looked through for its fullest task. */
const projectsLookedAt = 5

/**
 * The task of an organisation that has the most to show, comments and labels: most tasks have neither, and a page that
 * asks the database once more for each of them would look as cheap as before.
 * @returns its id, and where it is in the population
 */
export function fullestTaskOf(
  spec: PopulationSpec,
  organisation: number,
): { id: string; project: number; index: number } {
  const tenant = organisationAt(spec, organisation)
  let fullest = { id: '', project: 0, index: 0, fullness: -1 }
  for (let project = 0; project < Math.min(tenant.projects, projectsLookedAt); project++)
    for (let index = 0; index < taskCount(spec, organisation, project); index++) {
      const { id, comments, labels } = taskAt(spec, tenant, project, index)
      const fullness = 10 * comments * labels.length + comments + labels.length
      if (fullness > fullest.fullness) fullest = { id, project, index, fullness }
    }
  return fullest
}

/**
 * Every page: those for everybody as nobody sees them, the others as an owner does.
 * @param organisation whose; the largest unless said, which has the fullest there are
 * @returns the pages in the order of pageNames, and that user's session token
 */
export function pagesOf(
  spec: PopulationSpec,
  sessionSecret: string,
  organisation = largestOf(spec),
): { pages: AuditedPath[]; sessionToken: string } {
  const tenant = organisationAt(spec, organisation)
  const { canary, index } = tenant
  const parameters: Record<string, string> = {
    '[projectId]': projectIdAt(spec, index, 0),
    '[taskId]': fullestTaskOf(spec, index).id,
    '[token]': 'not-known-to-anybody',
  }
  const pathOf = (name: PageName) =>
    name.replace(/\[\w+\]/, (parameter) => parameters[parameter] ?? parameter)
  return {
    pages: pageNames.map((name) => ({
      name,
      path: pathOf(name),
      marker: markers[name] ?? canary,
      session: Object.hasOwn(outside, name) ? 'nobody' : 'user',
    })),
    sessionToken: sessionToken(spec, tenant.firstUser, sessionSecret),
  }
}
