import { type Refusal, refusalOf } from '@worklane/data/refusal.ts'
import { neverConnected } from '@worklane/data/refused-connection.ts'
import { invalidField, notFound, Problem } from './errors.ts'

const gone = (what: string) => () => notFound(what)
const taken = (detail: string) => () => new Problem('conflict', detail)
const memberGone = () => new Problem('forbidden', 'You are no longer a member of this organisation.')
const accountGone = () => new Problem('unauthenticated', 'This account was removed.')
const unknownField = (path: string, message: string) => () => invalidField(path, message)

/** What stands behind each constraint that two writes at the same time can meet. */
const byConstraint: Record<string, () => Problem> = {
  labels_by_name: taken('Your organisation already has a label of this name.'),
  projects_org_id_key_key: taken('Your organisation already has a project with this key.'),
  saved_filters_by_name: taken('You already have a filter of this name.'),
  invitations_by_email: taken('This address is being invited already.'),
  memberships_pkey: taken('This person belongs to your organisation already.'),
  memberships_owner: taken('An organisation has one owner.'),
  users_email: taken('There is an account with this e-mail already.'),
  accounts_pkey: taken('This sign-in belongs to an account already.'),
  task_labels_pkey: taken('The labels of this task were changed at the same time; try again.'),
  tasks_org_id_project_id_number_key: taken('Another task was added at the same time; try again.'),
  tasks_by_column: taken('Another task was put at the same place at the same time; try again.'),
  tasks_org_id_project_id_fkey: gone('project'),
  tasks_org_id_assignee_id_fkey: unknownField('assigneeId', 'must be a member of your organisation'),
  task_labels_org_id_task_id_fkey: gone('task'),
  task_labels_org_id_label_id_fkey: unknownField('labelIds', 'must be labels of your organisation'),
  comments_org_id_task_id_fkey: gone('task'),
  files_org_id_task_id_fkey: gone('task'),
  files_org_id_comment_id_fkey: gone('comment'),
  files_created_by_fkey: memberGone,
  exports_created_by_fkey: memberGone,
  imports_created_by_fkey: memberGone,
  import_lines_org_id_import_id_fkey: gone('import'),
  comments_author_id_fkey: memberGone,
  saved_filters_org_id_user_id_fkey: memberGone,
  digests_org_id_user_id_fkey: memberGone,
  api_keys_org_id_created_by_fkey: memberGone,
  invitations_invited_by_fkey: memberGone,
  memberships_user_id_fkey: gone('person'),
  subscriptions_go_on: taken('Your organisation has a subscription: cancel it first, and wait for its end.'),
  invoices_are_owed: taken(
    'An invoice of your organisation is not paid: pay it first, in the settings under Billing.',
  ),
  webhook_deliveries_org_id_endpoint_id_fkey: gone('webhook'),
  webhook_endpoints_created_by_fkey: memberGone,
  sessions_user_id_fkey: accountGone,
  picture_uploads_user_id_fkey: accountGone,
}

const met = () => new Problem('conflict', 'Others changed the same at the same time; try again.')

const busy = () => new Problem('unavailable', 'Too much happens at the same time; try again in a moment.')

const away = () => new Problem('unavailable', 'The database cannot be reached; try again in a moment.')

/** What a refusal means whatever stood against it. */
const byCode: Record<string, () => Problem> = {
  // lock_not_available: others held for long what it waited for. too_many_connections.
  '55P03': busy,
  '53300': busy,
  // idle_in_transaction_session_timeout: nothing of it was committed. cannot_connect_now.
  '25P03': busy,
  '57P03': away,
  // Prisma's: no connection, or no end of the transaction, in time.
  P2028: busy,
  '40001': met,
  '40P01': met,
  P2034: met,
  P2025: () => new Problem('notFound', 'It was removed at the same time.'),
}

/**
 * What a refusal of the database is for who asked, or undefined for what no caller can cause.
 * What refers to an organisation that is gone by now is not found, whichever table it was meant for.
 */
function wordsFor({ code, constraint }: Refusal): (() => Problem) | undefined {
  const known = byConstraint[constraint] ?? byCode[code]
  if (known) return known
  return code === '23503' && constraint.endsWith('_org_id_fkey') ? gone('organisation') : undefined
}

/** Whether a refusal has words of its own. */
export const isForeseen = (refusal: Refusal): boolean => wordsFor(refusal) !== undefined

/**
 * Of pg and its pool: all connections were in use, or none came to stand, for as long as one waits; or the one in use
 * was lost before this was sent.
 */
const noConnection =
  /timeout exceeded when trying to connect|terminated due to connection timeout|^timeout expired$|connection error and is not queryable/

/** Prisma passes it on as an error of its own, with the text somewhere in it. */
const foundNoConnection = (error: unknown) => error instanceof Error && noConnection.test(error.message)

/** Words for what never reached the database, or null for every other error. */
function unreached(error: unknown): Problem | null {
  if (foundNoConnection(error)) return busy()
  return neverConnected(error) ? away() : null
}

/** The one place that puts the database's refusals into words; what nobody foresaw stays an error of ours. */
export async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const refusal = refusalOf(error)
    const problem = (refusal && wordsFor(refusal)?.()) ?? unreached(error)
    if (!problem) throw error
    problem.cause = error
    throw problem
  }
}

/** The same where the words depend on what was asked: a name that is taken. */
export async function unlessTaken<T>(write: PromiseLike<T>, detail: string): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (refusalOf(error)?.code === '23505') throw new Problem('conflict', detail, [])
    throw error
  }
}
