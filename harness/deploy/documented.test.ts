import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobKey, exportKey, installationKey } from '@worklane/data/blob-keys.ts'
import { environments } from '@worklane/data/config.ts'
import { orgId, userId } from '@worklane/data/ids.ts'
import { pictureKey } from '@worklane/data/picture-keys.ts'
import { describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { environmentIn } from './env-file.ts'

const text = readFileSync(join(project, 'docs/deploy.md'), 'utf8')

type Row = { names: string[]; isSecret: boolean; section: string | undefined }

/** The table of variables, and where it sends whoever changes a secret. */
const rowsIn = (markdown: string): Row[] => {
  const table = /<!-- variables -->\n(.*?)\n\n/s.exec(markdown)?.[1] ?? ''
  return table
    .split('\n')
    .slice(2)
    .map((line) => {
      const [, names = '', , change = ''] = line.split('|')
      return {
        names: [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
        isSecret: change.includes('**secret**'),
        section: /\*([^*]+)\* *$/.exec(change.trim())?.[1],
      }
    })
}

const read = [...new Set(Object.values(environments).flatMap((each) => Object.keys(each.shape)))]
const undocumented = (markdown: string) => {
  const rows = rowsIn(markdown)
  const changed = [...markdown.matchAll(/^- \*\*([^*]+)\.\*\*/gm)].map(([, name]) => name)
  return [
    ...read.filter((name) => !rows.some(({ names }) => names.includes(name))),
    ...rows.flatMap(({ names, isSecret, section }) =>
      isSecret && !changed.includes(section) ? names.map((name) => `how ${name} is changed`) : [],
    ),
  ]
}

describe('docs/deploy.md', () => {
  it('knows every variable that a process reads, and how each secret is changed', () => {
    expect(read.length).toBeGreaterThan(20)
    expect(undocumented(text)).toEqual([])
  })

  it('would be said to lack a variable, or a way to change a secret', () => {
    expect(undocumented(text.replace(/^\| `AUTH_SECRET`.*\n/m, ''))).toEqual(['AUTH_SECRET'])
    expect(undocumented(text.replace('- **Mail.**', '- **Post.**'))).toEqual([
      'how SMTP_URL is changed',
      'how MAIL_FROM is changed',
    ])
  })

  it('calls secret what the environment file makes new each time', () => {
    const example = readFileSync(join(project, 'deploy/env.example'), 'utf8')
    const secret = rowsIn(text).flatMap(({ names, isSecret }) => (isSecret ? names : []))
    const made = Object.entries(environmentIn(example)).flatMap(([name, value]) =>
      value === '' ? [name] : [],
    )
    const ofCompose = [
      'POSTGRES_PASSWORD',
      'WORKLANE_DATABASE_PASSWORD',
      'REDIS_PASSWORD',
      'GRAFANA_PASSWORD',
    ]
    const known = [...secret, ...ofCompose, 'WORKER_DATABASE_URL']
    expect(made.filter((name) => !known.includes(name))).toEqual([])
  })

  it('lets the keys of the object store come to all that is kept there, and so does docs/files.md', () => {
    const [organisation, id] = [orgId(randomUUID()), randomUUID()]
    const kept = [
      blobKey(organisation, id, 'original'),
      exportKey(organisation, id, randomUUID()),
      pictureKey({ kind: 'person', id: userId(randomUUID()) }, id, 'square'),
      pictureKey({ kind: 'organisation', id: organisation }, id, 'square'),
      installationKey,
    ]
    const patterns = kept.map((key) => key.replace(/\/.*/, '/*'))
    const files = readFileSync(join(project, 'docs/files.md'), 'utf8')
    for (const markdown of [text, files]) {
      const [, list = ''] = /keys (?:must be )?good for ((?:`[^`]+`(?:, | and )?)+)/.exec(markdown) ?? []
      const documented = [...list.matchAll(/`([^`]+)`/g)].map(([, pattern]) => pattern)
      expect(documented.sort()).toEqual([...new Set(patterns)].sort())
    }
  })
})
