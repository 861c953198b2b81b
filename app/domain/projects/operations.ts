import { z } from 'zod'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'

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

const name = z.string().trim().min(1, 'must not be empty').max(120)
const description = z.string().max(2000)

export const listProjects = operation({
  name: 'project.list',
  rest: 'GET /v1/projects',
  summary: 'The projects of your organisation, by name',
  allow: 'viewer',
  input: z.strictObject({ limit: z.number().int().min(1).max(200).default(200) }),
  output: z.object({ items: z.array(Project) }),
  async run(actor, { limit }) {
    const rows = await work(actor).read((db) =>
      db.project.findMany({ orderBy: [{ name: 'asc' }, { id: 'asc' }], take: limit, select: columns }),
    )
    return { items: rows.map(projectOf) }
  },
})

export const getProject = operation({
  name: 'project.get',
  rest: 'GET /v1/projects/:projectId',
  summary: 'One project',
  allow: 'viewer',
  input: z.strictObject({ projectId: Id }),
  output: Project,
  async run(actor, { projectId }) {
    const row = await work(actor).read((db) =>
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
  input: z.strictObject({
    key: z.string().regex(/^[A-Z][A-Z0-9]{1,7}$/, 'must be 2 to 8 capital letters or digits, a letter first'),
    name,
    description: description.default(''),
  }),
  output: Project,
  run: (actor, input) =>
    work(actor).transaction(async (tx) => {
      if (await tx.project.findFirst({ where: { key: input.key }, select: { id: true } })) {
        throw new Problem('conflict', `Your organisation already has a project with the key ${input.key}.`)
      }
      return projectOf(await tx.project.create({ data: { ...input, orgId: actor.orgId }, select: columns }))
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
    work(actor).transaction(async (tx) => {
      const known = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } })
      if (!known) throw notFound('project')
      return projectOf(
        await tx.project.update({
          where: { orgId_id: { orgId: actor.orgId, id: projectId } },
          data: { ...values, updatedAt: new Date() },
          select: columns,
        }),
      )
    }),
})
