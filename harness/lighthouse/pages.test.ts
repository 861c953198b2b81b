import { defaultPopulation, organisationAt, taskAt, taskCount } from '@headroom/fixtures/population.ts'
import { describe, expect, it } from 'vitest'
import { fullestTaskOf } from './pages.ts'

describe('the pages of a tenant', () => {
  it('have a task with comments and labels to ask the database for, in every tenant', () => {
    for (let index = 0; index < defaultPopulation.organisations; index++) {
      const tenant = organisationAt(defaultPopulation, index)
      const { id } = fullestTaskOf(defaultPopulation, index)
      const tasks = Array.from({ length: tenant.projects }, (_, project) =>
        Array.from({ length: taskCount(defaultPopulation, index, project) }, (_, task) =>
          taskAt(defaultPopulation, tenant, project, task),
        ),
      ).flat()
      const task = tasks.find((each) => each.id === id)
      const rows = Math.min(task?.comments ?? 0, task?.labels.length ?? 0)
      expect(rows, `organisation ${index}`).toBeGreaterThan(0)
    }
  })
})
