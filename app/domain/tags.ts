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

/** Every list of an organisation that a person's name or address may stand in, and their own. */
export const personTags = (userId: string): string[] => [
  tags.person(userId),
  tags.members,
  tags.organisation,
  tags.tasks,
  tags.work,
]
