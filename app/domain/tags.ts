/** Under which name a tenant's cached answers are kept, and forgotten by writes. */
export const tags = {
  organisation: 'organisation',
  members: 'members',
  projects: 'projects',
  labels: 'labels',
  /** Any task of any project. */
  tasks: 'tasks',
  task: (taskId: string) => `task:${taskId}`,
  board: (projectId: string) => `board:${projectId}`,
  /** What stands on many tasks and boards at once: a label's name, a person's. */
  work: 'work',
  person: (userId: string) => `person:${userId}`,
} as const
