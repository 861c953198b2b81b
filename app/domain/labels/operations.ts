import { z } from 'zod'
import { forget, record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { byName, keptWhole, nameCursorOf, pageOf, pageOfItems, SearchByName } from '../paging.ts'
import { unlessTaken } from '../refusals.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Id, Label, LabelColour } from '../tasks/shapes.ts'
import { containing, line } from '../text.ts'

const columns = { id: true, name: true, colour: true } as const
const name = line(40)

export const listLabels = operation({
  name: 'label.list',
  rest: 'GET /v1/labels',
  summary: 'The labels of your organisation, by name, a page at a time',
  allow: 'viewer',
  input: SearchByName,
  output: pageOfItems(Label),
  cache: keptWhole(tags.labels),
  run: (actor, asked) =>
    tenantDb(actor).read(async (db) => {
      const found = asked.search ? { name: containing(asked.search) } : {}
      const rows = await db.label.findMany({ ...byName(asked, found), select: columns })
      return pageOf(rows, asked.limit, (row) => row, nameCursorOf)
    }),
})

export const getLabel = operation({
  name: 'label.get',
  rest: 'GET /v1/labels/:labelId',
  summary: 'One label',
  allow: 'viewer',
  input: z.strictObject({ labelId: Id }),
  output: Label,
  cache: { tags: () => [tags.labels], shared: true, seconds: 300 },
  async run(actor, { labelId }) {
    const label = await tenantDb(actor).read((db) =>
      db.label.findFirst({ where: { id: labelId }, select: columns }),
    )
    if (!label) throw notFound('label')
    return label
  },
})

const taken = (name: string) => `Your organisation already has a label "${name}".`

export const createLabel = operation({
  name: 'label.create',
  rest: 'POST /v1/labels',
  summary: 'Makes a label',
  allow: 'manager',
  input: z.strictObject({ name, colour: LabelColour.default('grey') }),
  output: Label,
  run: (actor, input) =>
    tenantDb(actor).transaction(async (tx) => {
      const label = await unlessTaken(
        tx.label.create({ data: { ...input, orgId: actor.orgId }, select: columns }),
        taken(input.name),
      )
      record(`label ${label.id}`, null, label)
      forget(tags.labels)
      return label
    }),
})

export const updateLabel = operation({
  name: 'label.update',
  rest: 'PATCH /v1/labels/:labelId',
  summary: 'Renames or recolours a label',
  allow: 'manager',
  input: z.strictObject({ labelId: Id, name: name.optional(), colour: LabelColour.optional() }),
  output: Label,
  run: (actor, { labelId, ...values }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.label.findFirst({ where: { id: labelId }, select: columns })
      if (!before) throw notFound('label')
      const label = await unlessTaken(
        tx.label.update({
          where: { orgId_id: { orgId: actor.orgId, id: labelId } },
          data: values,
          select: columns,
        }),
        taken(values.name ?? before.name),
      )
      record(`label ${labelId}`, before, label)
      forget(tags.labels, tags.work)
      return label
    }),
})

export const removeLabel = operation({
  name: 'label.remove',
  rest: 'DELETE /v1/labels/:labelId',
  summary: 'Removes a label from all tasks, and from the list',
  allow: 'manager',
  input: z.strictObject({ labelId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { labelId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await tx.label.findFirst({ where: { id: labelId }, select: columns })
      if (!before) throw notFound('label')
      await tx.label.deleteMany({ where: { id: labelId } })
      record(`label ${labelId}`, before, null)
      forget(tags.labels, tags.work)
      return { id: labelId }
    }),
})
