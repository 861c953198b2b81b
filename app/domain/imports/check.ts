import type { Transaction } from '@worklane/data/tenant.ts'
import { readable } from '../csv/formulas.ts'
import { csvLines, type Line, Unreadable } from '../csv/read.ts'
import { type ColumnName, columnOf, columns, required, type Written } from './columns.ts'
import { type ImportProblem, mostLines } from './shapes.ts'

/** A line that becomes a task. */
export type Checked = {
  line: number
  task: Omit<Written, 'project' | 'assigneeEmail' | 'labels'> & {
    projectId: string
    assigneeId: string | null
    labelIds: string[]
  }
}

export type Verdict = { lines: Checked[]; problems: ImportProblem[] }

/** What a file would add, or everything that is wrong with it, line by line. Nothing is written. */
export async function checkFile(tx: Transaction, content: string): Promise<Verdict> {
  const { heading, lines, problems } = tableOf(content)
  if (problems.length > 0) return { lines: [], problems }
  const read = lines.map((each) => readLine(heading, each))
  const found = await lookUp(
    tx,
    read.flatMap(({ written }) => (written ? [written] : [])),
  )
  const checked: Checked[] = []
  for (const { line, written, problems: its } of read) {
    problems.push(...its)
    if (written) judge(line, written, found, checked, problems)
  }
  return { lines: problems.length === 0 ? checked : [], problems }
}

type Heading = { text: string; column: ColumnName | 'ignored' }[]
type Table = { heading: Heading; lines: Line[]; problems: ImportProblem[] }

function tableOf(content: string): Table {
  const wrong = (line: number, reason: string, column = ''): Table => ({
    heading: [],
    lines: [],
    problems: [{ line, column, reason }],
  })
  let all: Line[]
  try {
    all = csvLines(content)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return wrong(error.line, error.message)
  }
  const [first, ...lines] = all
  if (!first) return wrong(1, 'has no heading: the first line names the columns')
  if (lines.length === 0) return wrong(first.line, 'has a heading, and no line below it')
  if (lines.length > mostLines)
    return wrong(lines[mostLines]?.line ?? 1, `is one line more than the ${mostLines} that a file may have`)
  const problems: ImportProblem[] = []
  const heading: Heading = first.cells.map((cell) => {
    const [text, column] = [cell.trim(), columnOf(cell)]
    if (column === null)
      problems.push({ line: first.line, column: text, reason: `is no column: known are ${names.join(', ')}` })
    return { text, column: column ?? 'ignored' }
  })
  const given = heading.map(({ column }) => column)
  for (const name of names) {
    const times = given.filter((column) => column === name).length
    if (times > 1) problems.push({ line: first.line, column: name, reason: 'stands there more than once' })
    if (times === 0 && required.includes(name))
      problems.push({ line: first.line, column: name, reason: 'is missing, and every task needs it' })
  }
  return { heading, lines, problems }
}

const names = Object.keys(columns) as ColumnName[]

type Read = { line: number; written: Written | null; problems: ImportProblem[] }

function readLine(heading: Heading, { line, cells }: Line): Read {
  if (cells.length > heading.length) {
    const reason = `has ${cells.length} cells, and the heading ${heading.length}: put a text with commas into quotation marks`
    return { line, written: null, problems: [{ line, column: '', reason }] }
  }
  const problems: ImportProblem[] = []
  const written: Record<string, unknown> = {}
  for (const name of names) {
    const at = heading.findIndex(({ column }) => column === name)
    const parsed = columns[name].safeParse(readable(cells[at] ?? ''))
    if (parsed.success) written[name] = parsed.data
    else problems.push({ line, column: heading[at]?.text ?? name, reason: reasonOf(parsed.error.issues) })
  }
  return { line, written: problems.length === 0 ? (written as Written) : null, problems }
}

/** Of a choice between nothing and something the reason is that of the something. */
function reasonOf(issues: readonly Issue[]): string {
  const [first] = issues
  const issue = first?.errors?.at(-1)?.[0] ?? first
  if (issue?.code === 'too_big' && issue.origin === 'string')
    return `must be at most ${issue.maximum} characters`
  return issue?.message ?? 'cannot be read'
}
type Single = { message: string; code?: string; origin?: string; maximum?: number | bigint }
type Issue = Single & { errors?: readonly (readonly Single[])[] }

type Found = {
  projects: Map<string, string>
  members: Map<string, string>
  labels: Map<string, string>
}

/** The ids of whatever the lines name, as far as the organisation has it. */
async function lookUp(tx: Transaction, lines: readonly Written[]): Promise<Found> {
  const distinct = (texts: (string | null)[]) => [...new Set(texts.filter((text) => text !== null))]
  const [keys, emails] = [
    distinct(lines.map(({ project }) => project)),
    distinct(lines.map(({ assigneeEmail }) => assigneeEmail)),
  ]
  const labelled = distinct(lines.flatMap(({ labels }) => labels))
  const rows = await tx.$queryRaw<{ what: keyof Found; name: string; id: string }[]>`
    select 'projects' as what, key as name, id from projects
      where org_id = (select current_org_id()) and key = any(${keys}::text[])
    union all select 'labels', name, id from labels
      where org_id = (select current_org_id()) and name = any(${labelled}::text[])
    union all select 'members', lower(u.email), u.id from memberships m join users u on u.id = m.user_id
      where m.org_id = (select current_org_id()) and lower(u.email) = any(${emails}::text[])`
  const of = (which: keyof Found) =>
    new Map(rows.filter(({ what }) => what === which).map(({ name, id }) => [name, id]))
  return { projects: of('projects'), members: of('members'), labels: of('labels') }
}

/** A line whose cells can be read, against what the organisation has. */
function judge(
  line: number,
  { project, assigneeEmail, labels, ...rest }: Written,
  found: Found,
  checked: Checked[],
  problems: ImportProblem[],
): void {
  const before = problems.length
  const missing = (column: ColumnName, reason: string) => problems.push({ line, column, reason })
  const projectId = found.projects.get(project)
  if (projectId === undefined) missing('project', `${project} is the key of no project`)
  const assigneeId = assigneeEmail === null ? null : found.members.get(assigneeEmail)
  if (assigneeId === undefined) missing('assigneeEmail', `${assigneeEmail} is no member`)
  const labelIds = new Set<string>()
  for (const name of labels) {
    const id = found.labels.get(name)
    if (id === undefined) missing('labels', `there is no label “${name}”`)
    else labelIds.add(id)
  }
  if (problems.length > before || projectId === undefined || assigneeId === undefined) return
  checked.push({ line, task: { ...rest, projectId, assigneeId, labelIds: [...labelIds] } })
}
