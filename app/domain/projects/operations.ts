import { z } from 'zod'
import { emit, forget, record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { byName, keptWhole, nameCursorOf, pageOf, pageOfItems, SearchByName } from '../paging.ts'
import { unlessTaken } from '../refusals.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { containing, line, lines } from '../text.ts'

export const Project = z
  .object({
    id: Id,
    key: z.string().meta({ example: 'ATL' }),
    name: z.string(),
    description: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Project' })
export type Project = z.infer<typeof Project>

const columns = {
  id: true,
  key: true,
  name: true,
  description: true,
  createdAt: true,
  updatedAt: true,
} as const

const projectOf = ({
  createdAt,
  updatedAt,
  ...row
}: Omit<Project, 'createdAt' | 'updatedAt'> & { createdAt: Date; updatedAt: Date }): Project => ({
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
})

/** What webhooks tell of it. */
const told = ({ id, key, name, description }: Project) => ({ id, key, name, description })

const name = line(120)
const description = lines(2000)

export const listProjects = operation({
  name: 'project.list',
  rest: 'GET /v1/projects',
  summary: 'The projects of your organisation, by name, a page at a time',
  allow: 'viewer',
  input: SearchByName,
  output: pageOfItems(Project),
  cache: keptWhole(tags.projects),
  run: (actor, asked) =>
    tenantDb(actor).read(async (db) => {
      const somewhere = containing(asked.search ?? '')
      const found = asked.search ? { OR: [{ name: somewhere }, { key: somewhere }] } : {}
      const rows = await db.project.findMany({ ...byName(asked, found), select: columns })
      return pageOf(rows, asked.limit, projectOf, nameCursorOf)
    }),
})

export const getProject = operation({
  name: 'project.get',
  rest: 'GET /v1/projects/:projectId',
  summary: 'One project',
  allow: 'viewer',
  input: z.strictObject({ projectId: Id }),
  output: Project,
  cache: { tags: () => [tags.projects], shared: true, seconds: 300 },
  async run(actor, { projectId }) {
    const row = await tenantDb(actor).read((db) =>
      db.project.findFirst({ where: { id: projectId }, select: columns }),
    )
    if (!row) throw notFound('project')
    return projectOf(row)
  },
})

export const createProject = operation({
  name: 'project.create',
  rest: 'POST /v1/projects',
  summary: 'Starts a project',
  allow: 'manager',
  needs: 'projects',
  input: z.strictObject({
    key: z.string().regex(/^[A-Z][A-Z0-9]{1,7}$/, 'must be 2 to 8 capital letters or digits, a letter first'),
    name,
    description: description.default(''),
  }),
  output: Project,
  run: (actor, input) =>
    tenantDb(actor).transaction(async (tx) => {
      const project = projectOf(
        await unlessTaken(
          tx.project.create({ data: { ...input, orgId: actor.orgId }, select: columns }),
          `Your organisation already has a project with the key ${input.key}.`,
        ),
      )
      record(`project ${project.id}`, null, project)
      emit(actor, 'project.created', { actorId: actor.userId, project: told(project) })
      forget(tags.projects)
      return project
    }),
})

export const updateProject = operation({
  name: 'project.update',
  rest: 'PATCH /v1/projects/:projectId',
  summary: 'Renames or describes a project',
  allow: 'manager',
  input: z.strictObject({ projectId: Id, name: name.optional(), description: description.optional() }),
  output: Project,
  run: (actor, { projectId, ...values }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.project.findFirst({ where: { id: projectId }, select: columns })
      if (!before) throw notFound('project')
      const after = projectOf(
        await tx.project.update({
          where: { orgId_id: { orgId: actor.orgId, id: projectId } },
          data: { ...values, updatedAt: new Date() },
          select: columns,
        }),
      )
      record(`project ${projectId}`, projectOf(before), after)
      emit(actor, 'project.updated', { actorId: actor.userId, project: told(after) })
      forget(tags.projects, tags.board(projectId), tags.work)
      return after
    }),
})

export const removeProject = operation({
  name: 'project.remove',
  rest: 'DELETE /v1/projects/:projectId',
  summary: 'Removes a project with all its tasks and comments',
  allow: 'admin',
  input: z.strictObject({ projectId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { projectId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.project.findFirst({ where: { id: projectId }, select: columns })
      if (!before) throw notFound('project')
      await tx.project.deleteMany({ where: { id: projectId } })
      // Its figures are all zero now.
      await tx.$executeRaw`delete from tallies where org_id = (select current_org_id()) and subject = ${projectId}`
      record(`project ${projectId}`, projectOf(before), null)
      emit(actor, 'project.removed', { actorId: actor.userId, project: told(projectOf(before)) })
      forget(tags.projects, tags.tasks, tags.board(projectId), tags.work)
      return { id: projectId }
    }),
})
