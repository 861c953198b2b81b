import { z } from 'zod'
import { Id, Person } from '../tasks/shapes.ts'

/** The job that adds the tasks of an import. */
export const importTopic = 'import.run'

/** So many tasks come of one file, and so many characters it may have. */
export const mostLines = 5_000
export const longestContent = 900_000
export const mostColumns = 100
export const longestHeading = 100
/** Longer than any cell that is taken, whatever its column: the description, with what an export puts into it. */
export const longestCell = 20_000
/** So many of its mistakes are told, as long as they are so many characters together. */
export const mostProblems = 200
export const mostProblemCharacters = 20_000
/** So much of a text of the file is quoted in what is told of it. */
export const longestQuote = 80

export const ImportState = z.enum(['refused', 'checked', 'waiting', 'running', 'done', 'failed'])
export type ImportState = z.infer<typeof ImportState>

export const ImportProblem = z
  .object({
    /** As an editor counts: the first line of the file is 1. */
    line: z.number().int(),
    /** As the file names it; empty where the whole line is meant. */
    column: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'ImportProblem' })
export type ImportProblem = z.infer<typeof ImportProblem>

export const Import = z
  .object({
    id: Id,
    /** Of the file. */
    name: z.string(),
    /** `refused` for a file that has mistakes; `checked` for one that waits to be applied. */
    state: ImportState,
    /** Tasks that were added by now; of how many in the file. */
    rowsDone: z.number().int(),
    rowsTotal: z.number().int(),
    /** The first mistakes, by their lines, and how many there are. */
    problems: z.array(ImportProblem),
    problemsTotal: z.number().int(),
    /** Why it failed. */
    error: z.string().nullable(),
    createdBy: Person.nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Import' })
export type Import = z.infer<typeof Import>

export type ImportRow = Omit<Import, 'createdBy' | 'createdAt' | 'finishedAt'> & {
  creatorId: string | null
  creatorName: string | null
  createdAt: Date
  finishedAt: Date | null
}

/** The columns of an import, of `imports i` joined with its creator `u`. */
export const importColumns = `i.id, i.name, i.state, i.rows_done as "rowsDone", i.rows_total as "rowsTotal",
  i.problems, i.problems_total as "problemsTotal", i.error, i.created_by as "creatorId", u.name as "creatorName",
  i.created_at as "createdAt", i.finished_at as "finishedAt"`

export const importOf = ({ creatorId, creatorName, ...row }: ImportRow): Import => ({
  ...row,
  createdBy: creatorId === null ? null : { id: creatorId, name: creatorName ?? 'Somebody who left' },
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
})
