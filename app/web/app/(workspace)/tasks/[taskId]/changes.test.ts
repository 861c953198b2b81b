import { describe, expect, it } from 'vitest'
import { changesOf, type TaskFields } from './changes.ts'

const saved: TaskFields = {
  title: 'Title',
  description: 'One\r\nTwo',
  status: 'todo',
  priority: 'none',
  assigneeId: 'ada',
  dueOn: null,
  labelIds: ['b', 'a'],
}

describe('what the form of a task sends', () => {
  it('is nothing where nothing was changed, whatever the browser makes of line breaks', () => {
    expect(changesOf({ ...saved, description: 'One\nTwo', labelIds: ['a', 'b'] }, saved)).toEqual({})
  })

  it.each<Partial<TaskFields>>([
    { title: 'Another' },
    { description: 'One\n\nTwo' },
    { assigneeId: null },
    { dueOn: '2026-12-24' },
    { labelIds: ['a'] },
    { labelIds: [] },
    { status: 'done', priority: 'high' },
  ])('is %j, and no other field', (change) => {
    expect(changesOf({ ...saved, ...change }, saved)).toEqual(change)
  })

  it('has no field that the form does not show', () => {
    expect(changesOf({ priority: 'none' }, saved)).toEqual({})
  })
})
