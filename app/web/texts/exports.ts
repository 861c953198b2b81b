import type { ExportKind, ExportState } from '@worklane/domain/exports/shapes.ts'
import type { ImportState } from '@worklane/domain/imports/shapes.ts'

const count = (rows: number, one: string, many: string) =>
  `${rows.toLocaleString('en')} ${rows === 1 ? one : many}`

/** What the pages of exports and imports say, in one place, ready for another language. */
export const exports = {
  make: 'New export',
  makeText: 'The file is made in the background, and kept for seven days. You get a mail when it is ready.',
  off: 'Exports are not available on this installation: no object store is set up.',
  kind: 'What',
  format: 'Format',
  start: 'Start export',
  started: 'Your export has started.',
  kinds: {
    tasks: 'Tasks',
    projects: 'Projects',
    audit: 'Audit log',
    organisation: 'Whole organisation',
  } satisfies Record<ExportKind, string>,
  formats: { csv: 'CSV, for spreadsheets', json: 'JSON, for programs', zip: 'ZIP, with all files' },
  filtered: 'Only the tasks of this filter:',
  allTasks: 'Export all tasks instead',
  list: 'Exports',
  none: 'No exports yet.',
  title: (kind: ExportKind, format: string) => `${exports.kinds[kind]} · ${format.toUpperCase()}`,
  narrowed: 'filtered',
  by: (name: string, when: string) => `${name} · ${when}`,
  state: {
    waiting: 'Waiting …',
    running: 'In progress …',
    ready: 'Ready',
    failed: 'Failed',
    cancelled: 'Cancelled',
    expired: 'Expired',
  } satisfies Record<ExportState, string>,
  progress: (name: string) => `${name}, rows written`,
  rows: (done: number, total: number | null) =>
    total === null
      ? count(done, 'row', 'rows')
      : `${done.toLocaleString('en')} of ${count(total, 'row', 'rows')}`,
  file: (size: string, rows: number, until: string) =>
    `${size} · ${count(rows, 'row', 'rows')} · until ${until}`,
  download: 'Download',
  downloadOf: (name: string, when: string) => `Download ${name}, ${when}`,
  cancel: 'Cancel',
  cancelOf: (name: string, when: string) => `Cancel ${name}, ${when}`,
  remove: 'Remove',
  removeOf: (name: string, when: string) => `Remove ${name}, ${when}`,
  ready: (name: string) => `${name} is ready`,
  failed: 'Something went wrong. Try again.',
  fromTasks: 'Export',
  zip: 'Export as ZIP',
  zipText: 'Everything as CSV and JSON, with all files.',
} as const

export const imports = {
  make: 'Import tasks',
  makeText: 'Choose a CSV file. Every line is checked first; nothing is imported until you confirm.',
  file: 'CSV file',
  choose: 'Choose a file',
  hint: 'With the columns project and title, and if you like status, priority, assigneeEmail, labels, dueOn and description. Up to 5,000 lines. An export of tasks has this form.',
  checking: 'Checking …',
  notText: 'This file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.',
  tooLarge: 'This file is too large: up to 900,000 characters. Split it.',
  checked: (name: string) => `${name} was checked: see below.`,
  list: 'Imports',
  none: 'No imports yet.',
  state: {
    refused: 'Has errors',
    checked: 'Checked',
    waiting: 'Waiting …',
    running: 'Importing …',
    done: 'Imported',
    failed: 'Failed',
  } satisfies Record<ImportState, string>,
  rows: (rows: number) => count(rows, 'task', 'tasks'),
  added: (done: number, total: number) =>
    `${done.toLocaleString('en')} of ${count(total, 'task', 'tasks')} added`,
  problems: (total: number) =>
    `${count(total, 'error', 'errors')}. Nothing was imported: correct the file, and choose it again.`,
  problemsOf: (name: string) => `Errors in ${name}`,
  first: (shown: number) => `The first ${shown} are shown.`,
  line: 'Line',
  column: 'Column',
  reason: 'Error',
  apply: (rows: number) => `Add ${count(rows, 'task', 'tasks')}`,
  progress: (name: string) => `${name}, tasks added`,
  ready: (name: string) => `${name} is imported`,
  toTasks: 'Show tasks',
} as const
