import { describe, expect, it } from 'vitest'
import { type Columns, moved, withoutTask, withTask } from './columns.ts'

const task = (id: string, position: string, status: 'todo' | 'doing' = 'todo') => ({
  ...{ id, position, status, projectId: 'p', key: id, title: id, labels: [], assignee: null },
  ...{ priority: 'none' as const, dueOn: null, updatedAt: '2026-11-23T12:00:00.000Z' },
})
const columns: Columns = [
  { status: 'todo', total: 3, tasks: [task('a', 'Zz'), task('b', 'a0'), task('c', 'a1')] },
  { status: 'doing', total: 0, tasks: [] },
]
const shown = (board: Columns) =>
  board.map(({ tasks, total }) => `${tasks.map(({ id }) => id).join('')}/${total}`)

describe('the columns of a board', () => {
  it('move a task to another column', () => {
    expect(shown(moved(columns, 'b', { status: 'doing', before: null }))).toEqual(['ac/2', 'b/1'])
  })

  it('move a task before another of the same column, or to its end', () => {
    expect(shown(moved(columns, 'c', { status: 'todo', before: 'a' }))).toEqual(['cab/3', '/0'])
    expect(shown(moved(columns, 'a', { status: 'todo', before: null }))).toEqual(['bca/3', '/0'])
    expect(shown(moved(columns, 'c', { status: 'todo', before: 'b' }))).toEqual(['acb/3', '/0'])
  })

  it('keep the order of however many that are dropped before the same task', () => {
    const ids = Array.from({ length: 200 }, (_, n) => `n${n}`)
    let board = ids.reduce((all, id, n) => withTask(all, task(id, `b0${n + 100}`)), columns)
    for (const id of ids) board = moved(board, id, { status: 'todo', before: 'c' })
    expect(board[0]?.tasks.map(({ id }) => id)).toEqual(['a', 'b', ...ids, 'c'])
  })

  it('do not fail where two were dropped at one place at the same time', () => {
    const both = withTask(withTask(columns, task('x', 'a0V')), task('y', 'a0V'))
    expect(moved(both, 'a', { status: 'todo', before: 'y' })[0]?.tasks).toHaveLength(5)
  })

  it('take in a new task, and let go of one that is removed', () => {
    expect(shown(withTask(columns, task('d', 'a2')))).toEqual(['abcd/4', '/0'])
    expect(shown(withoutTask(columns, 'b'))).toEqual(['ac/2', '/0'])
    expect(withoutTask(columns, 'unknown')).toEqual(columns)
  })

  it('show a change of a task once, however often it is told', () => {
    const once = withTask(columns, { ...task('b', 'a0'), title: 'renamed' })
    expect(shown(once)).toEqual(['abc/3', '/0'])
    expect(withTask(once, { ...task('b', 'a0'), title: 'renamed' })).toEqual(once)
  })
})
