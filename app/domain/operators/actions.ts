import { runtime } from '../runtime.ts'
import type { Operator } from './operator.ts'

export type Outcome = 'asked' | 'done' | 'refused' | 'failed'

const longestDetail = 300

/** Leaves an entry in the log of operators' actions. @param target such as `billing 0197…` or `cus_123` */
export async function logAction(
  { userId, email, requestId }: Operator,
  action: string,
  target: string,
  outcome: Outcome,
  detail = '',
): Promise<void> {
  const text = detail.slice(0, longestDetail).toWellFormed()
  await runtime().operator.query(insert, [userId, email, action, target, outcome, text, requestId])
}

const insert = `insert into operator_actions
  (operator_id, operator_email, action, target, outcome, detail, request_id) values ($1, $2, $3, $4, $5, $6, $7)`
