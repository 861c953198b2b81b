import { z } from 'zod'

/** What a key can be allowed: the first word of an operation's name. A test compares this with the operations. */
export const capabilities = [
  ...[
    'me',
    'organisation',
    'logo',
    'member',
    'invitation',
    'project',
    'board',
    'task',
    'label',
    'comment',
    'file',
    'upload',
    'export',
    'import',
  ],
  ...['filter', 'notification', 'search', 'dashboard', 'report', 'audit', 'billing', 'invoice', 'webhook'],
] as const

const scopes = ['*', ...capabilities].flatMap((name) => [`${name}:read`, `${name}:write`])

export const Scope = z.enum(scopes as [string, ...string[]]).meta({ id: 'Scope' })
