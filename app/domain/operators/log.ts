import { z } from 'zod'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { operatorOperation } from './operation.ts'

export const OperatorAction = z.object({
  id: Id,
  at: z.iso.datetime(),
  /** Null for the owner of the database, who grants and revokes. */
  operator: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  /** `asked` where nobody knows how it ended: whoever did it was cut off. */
  outcome: z.enum(['asked', 'done', 'refused', 'failed']),
  /** Why it was refused or failed. */
  detail: z.string(),
  requestId: z.string(),
})
export type OperatorAction = z.infer<typeof OperatorAction>

type Row = Omit<OperatorAction, 'at'> & { at: Date }

export const listActions = operatorOperation({
  name: 'operator.actions',
  rest: 'GET /v1/operator/actions',
  summary: 'What operators did, and how it ended, latest first',
  allow: 'operator',
  input: z.strictObject({ cursor: IdCursor, limit: pageSize }),
  output: pageOfItems(OperatorAction),
  async run(_, { cursor = null, limit }) {
    const { rows } = await runtime().operator.query<Row>(
      `select id, at, operator_email as operator, action, target, outcome, detail, request_id as "requestId"
       from operator_actions a
       where ($1::uuid is null or id < $1::uuid) and (outcome <> 'asked' or not exists (
         select from operator_actions e where e.request_id = a.request_id and e.action = a.action
           and e.target = a.target and e.outcome <> 'asked'))
       order by id desc limit $2`,
      [cursor, limit + 1],
    )
    return pageOf(
      rows,
      limit,
      ({ at, ...row }): OperatorAction => ({ ...row, at: at.toISOString() }),
      ({ id }) => id,
    )
  },
})
