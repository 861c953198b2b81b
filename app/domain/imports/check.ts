import type { Actor } from '../actor.ts'
import { readable } from '../csv/formulas.ts'
import { csvLines, type Line, Unreadable } from '../csv/read.ts'
import { loopShare } from '../loop-share.ts'
import { tenantDb } from '../runtime.ts'
import { beginningOf } from '../text.ts'
import { type ColumnName, columnOf, columns, isExport, required, type Written } from './columns.ts'
import {
  type ImportProblem,
  longestCell,
  longestHeading,
  longestQuote,
  mostColumns,
  mostLines,
  mostProblemCharacters,
  mostProblems,
} from './shapes.ts'

/** A line that becomes a task. */
export type Checked = {
  line: number
  task: Omit<Written, 'project' | 'assigneeEmail' | 'labels'> & {
    projectId: string
    assigneeId: string | null
    labelIds: string[]
  }
}

export type Verdict = {
  lines: Checked[]
  /** The first of what is wrong, and how much there is. */
  problems: ImportProblem[]
  problemsTotal: number
}

/**
 * What a file would add, or everything that is wrong with it, line by line. Nothing is written. It runs in no
 * transaction, and other requests have their turn meanwhile.
 */
export async function checkFile(owner: Pick<Actor, 'orgId'>, content: string): Promise<Verdict> {
  const problems = new Problems()
  const checked: Checked[] = []
  const { columns: places, lines } = await tableOf(content, problems)
  if (problems.total === 0) {
    const share = loopShare()
    const written: Read[] = []
    for (const each of lines) {
      await share()
      written.push(readLine(places, each))
    }
    const found = await lookUp(
      owner,
      written.flatMap(({ task }) => (task ? [task] : [])),
    )
    for (const { line, task, mistakes } of written) {
      await share()
      for (const { column, reason } of mistakes) problems.add(line, column, reason)
      if (task) judge(line, task, found, checked, problems)
    }
  }
  return {
    lines: problems.total === 0 ? checked : [],
    problems: problems.first,
    problemsTotal: problems.total,
  }
}

/** The first mistakes of a file, as many as may be told, and how many there are. */
class Problems {
  readonly first: ImportProblem[] = []
  total = 0
  #characters = 0

  /** @param column its heading; a reason quotes texts of the file by `quoted` */
  add(line: number, column: string, reason: string): void {
    this.total++
    const problem = { line, column: quoted(column), reason }
    this.#characters += problem.column.length + reason.length
    if (this.first.length < mostProblems && this.#characters <= mostProblemCharacters)
      this.first.push(problem)
  }
}

const quoted = (text: string): string =>
  text.length > longestQuote ? `${beginningOf(text, longestQuote)}…` : text

/** Where each column is in a line; -1 where the file has none of it. */
type Places = {
  width: number
  places: { name: ColumnName; at: number; heading: string }[]
  /** Only there was an apostrophe put before what could begin a formula. */
  isOurs: boolean
}
type Table = { columns: Places; lines: Line[] }

const noTable: Table = { columns: { width: 0, places: [], isOurs: false }, lines: [] }

async function tableOf(content: string, problems: Problems): Promise<Table> {
  let all: Line[]
  try {
    all = await csvLines(content, { columns: mostColumns, lines: mostLines })
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    problems.add(error.line, '', error.message)
    return noTable
  }
  const [first, ...lines] = all
  if (!first) problems.add(1, '', 'has no heading: the first line names the columns')
  else if (lines.length === 0) problems.add(first.line, '', 'has a heading, and no line below it')
  else return { columns: placesOf(first, problems), lines }
  return noTable
}

/** Which column each name is at, once for all lines. */
function placesOf({ line, cells }: Line, problems: Problems): Places {
  const headings = cells.map((cell) => cell.trim())
  const given = headings.map((heading) => {
    const isLong = heading.length > longestHeading
    const column = isLong ? null : columnOf(heading)
    if (isLong) problems.add(line, heading, `is longer than the ${longestHeading} characters of a heading`)
    else if (column === null) problems.add(line, heading, `is no column: known are ${names.join(', ')}`)
    return column
  })
  const places = names.map((name) => {
    const times = given.filter((column) => column === name).length
    if (times > 1) problems.add(line, name, 'stands there more than once')
    if (times === 0 && required.includes(name))
      problems.add(line, name, 'is missing, and every task needs it')
    const at = given.indexOf(name)
    return { name, at, heading: headings[at] ?? name }
  })
  return { width: headings.length, places, isOurs: isExport(headings) }
}

const names = Object.keys(columns) as ColumnName[]

type Mistake = { column: string; reason: string }
type Read = { line: number; task: Written | null; mistakes: Mistake[] }

function readLine({ width, places, isOurs }: Places, { line, cells }: Line): Read {
  if (cells.length > width) {
    const reason = `has ${cells.length} cells, and the heading ${width}: put a text with commas into quotation marks`
    return { line, task: null, mistakes: [{ column: '', reason }] }
  }
  const mistakes: Mistake[] = []
  const written: Record<string, unknown> = {}
  for (const { name, at, heading } of places) {
    const cell = cells[at] ?? ''
    if (cell.length > longestCell) {
      mistakes.push({ column: heading, reason: `is longer than the ${longestCell} characters of a cell` })
      continue
    }
    const parsed = columns[name].safeParse(isOurs ? readable(cell) : cell)
    if (parsed.success) written[name] = parsed.data
    else mistakes.push({ column: heading, reason: reasonOf(parsed.error.issues) })
  }
  return { line, task: mistakes.length === 0 ? (written as Written) : null, mistakes }
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
async function lookUp(owner: Pick<Actor, 'orgId'>, lines: readonly Written[]): Promise<Found> {
  const distinct = (texts: (string | null)[]) => [...new Set(texts.filter((text) => text !== null))]
  const [keys, emails] = [
    distinct(lines.map(({ project }) => project)),
    distinct(lines.map(({ assigneeEmail }) => assigneeEmail)),
  ]
  const labelled = distinct(lines.flatMap(({ labels }) => labels))
  const rows = await tenantDb(owner).read(
    (db) => db.$queryRaw<{ what: keyof Found; name: string; id: string }[]>`
      select 'projects' as what, key as name, id from projects
        where org_id = (select current_org_id()) and key = any(${keys}::text[])
      union all select 'labels', name, id from labels
        where org_id = (select current_org_id()) and name = any(${labelled}::text[])
      union all select 'members', lower(u.email), u.id from memberships m join users u on u.id = m.user_id
        where m.org_id = (select current_org_id()) and lower(u.email) = any(${emails}::text[])`,
  )
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
  problems: Problems,
): void {
  const before = problems.total
  const projectId = found.projects.get(project)
  if (projectId === undefined) problems.add(line, 'project', `${quoted(project)} is the key of no project`)
  const assigneeId = assigneeEmail === null ? null : found.members.get(assigneeEmail)
  if (assigneeId === undefined)
    problems.add(line, 'assigneeEmail', `${quoted(String(assigneeEmail))} is no member`)
  const labelIds = new Set<string>()
  for (const name of labels) {
    const id = found.labels.get(name)
    if (id === undefined) problems.add(line, 'labels', `there is no label “${quoted(name)}”`)
    else labelIds.add(id)
  }
  if (problems.total > before || projectId === undefined || assigneeId === undefined) return
  checked.push({ line, task: { ...rest, projectId, assigneeId, labelIds: [...labelIds] } })
}
