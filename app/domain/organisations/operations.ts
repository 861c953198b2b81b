import { z } from 'zod'
import { Plan, Role } from '../actor.ts'
import { operation } from '../operation.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'

export const OrganisationSummary = z
  .object({ id: Id, name: z.string(), slug: z.string(), plan: Plan, role: Role, current: z.boolean() })
  .meta({ id: 'OrganisationSummary' })
export type OrganisationSummary = z.infer<typeof OrganisationSummary>

const ownOrganisations = {
  name: 'own_organisations',
  text: `select o.id, o.name, o.slug, o.plan, m.role, o.id = $2 as current
         from memberships m join organisations o on o.id = m.org_id
         where m.user_id = $1 order by o.name, o.id`,
}

export const listOrganisations = operation({
  name: 'organisation.list',
  rest: 'GET /v1/organisations',
  summary: 'The organisations that you belong to',
  allow: 'viewer',
  input: z.strictObject({}),
  output: z.object({ items: z.array(OrganisationSummary) }),
  async run({ userId, orgId }) {
    // Across tenants by nature: the rows are the caller's own memberships, read by the role that may.
    const { rows } = await runtime().auth.query({ ...ownOrganisations, values: [userId, orgId] })
    return { items: rows }
  },
})
