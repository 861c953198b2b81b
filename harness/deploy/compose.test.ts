import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environments, ofStore } from '@worklane/data/config.ts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { heaps } from '../stack/heaps.ts'
import { type ComposeService, readCompose, readDocument } from './compose.ts'
import { readStages } from './dockerfile.ts'
import { environmentIn, environmentText } from './env-file.ts'

const file = join(project, 'deploy/compose.yaml')
const example = readFileSync(join(project, 'deploy/env.example'), 'utf8')
const values = environmentIn(environmentText(example, {}))

/** Of github.com/compose-spec/compose-go 2.16.2, by which Docker Compose itself checks a file. */
const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'testing/compose-spec.json'), 'utf8'))
const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(schema)
const problemsOf = (document: unknown): string[] =>
  validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)

/** What all could read, and one has a use for. */
const ofOne: Record<string, string> = {
  SMTP_URL: 'worker',
  MAIL_FROM: 'worker',
  STRIPE_WEBHOOK_SECRETS: 'api',
}

type Document = { services: Record<string, Record<string, unknown>> }

describe('the compose file', async () => {
  const services = await readCompose(file, values)
  const all = Object.values(services)
  const document = (await readDocument(file)) as Document
  const images = readStages(await readFile(join(project, 'deploy/Dockerfile'), 'utf8'))

  it("is right by the Compose Specification's own schema", () => {
    expect(problemsOf(document)).toEqual([])
  })

  it.each<[string, Record<string, unknown>]>([
    ['a key that there is not', { helthcheck: {} }],
    ['a value of another kind', { cap_drop: 'ALL' }],
    ['a condition that there is not', { depends_on: { web: { condition: 'service_ready' } } }],
  ])('would be refused with %s', (_, wrong) => {
    const { services: given, ...rest } = document
    const broken = { ...rest, services: { ...given, api: { ...given.api, ...wrong } } }
    expect(problemsOf(broken).length).toBeGreaterThan(0)
  })

  it('speaks of services, files, volumes and images that are there', () => {
    const named = all.flatMap(({ depends_on }) => Object.keys(depends_on))
    expect(named.filter((name) => !(name in services))).toEqual([])
    const declared = Object.keys((document as unknown as { volumes: object }).volumes)
    expect(all.flatMap(({ volumes }) => volumes.map(({ source }) => source)).sort()).toEqual(declared.sort())
    for (const { source } of all.flatMap(({ files }) => files))
      expect(() => readFileSync(source)).not.toThrow()
    const targets = all.flatMap(({ build }) => build?.target ?? [])
    expect(targets.filter((target) => !images.has(target))).toEqual([])
    expect(targets.length).toBeGreaterThan(5)
  })

  /** What is amiss with a service, in the words of the one who fixes it. */
  const weaknessesOf = (service: ComposeService): string[] => {
    const user = service.user ?? (service.build && images.get(service.build.target)?.user) ?? ''
    const isChecked =
      service.healthcheck ?? (service.build && images.get(service.build.target)?.healthcheck) ?? null
    return [
      ...(service.read_only ? [] : ['may write']),
      ...(service.cap_drop.includes('ALL') ? [] : ['keeps rights']),
      ...(service.security_opt.includes('no-new-privileges:true') ? [] : ['may become more than it is']),
      ...(service.mem_limit ? [] : ['has no limit of memory']),
      ...(/^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : ['runs as a user without a number, or as root']),
      ...(isChecked || service.restart === 'no' ? [] : ['has no health check']),
      ...(/^[^:]+:.*\d/.test(service.image) || service.build ? [] : ['has an image without a version']),
    ]
  }

  it.each(all.map((service) => [service.name, service] as const))(
    'gives %s no more than it needs',
    (_, service) => {
      expect(weaknessesOf(service)).toEqual([])
    },
  )

  it('is said to be weak where it is', () => {
    const { postgres } = services
    if (!postgres) throw new Error('there is no postgres')
    const weak = { ...postgres, read_only: false, cap_drop: [], user: 'root', image: 'postgres:latest' }
    expect(weaknessesOf({ ...weak, security_opt: [], mem_limit: undefined, healthcheck: undefined })).toEqual(
      [
        'may write',
        'keeps rights',
        'may become more than it is',
        'has no limit of memory',
        'runs as a user without a number, or as root',
        'has no health check',
        'has an image without a version',
      ],
    )
  })

  it.each(['api', 'web', 'worker'] as const)('knows every variable that %s reads', async (kind) => {
    // Of some there is no choice: they are refused in production, or the image says where it listens.
    const elsewhere = ['WORKLANE_FAULTS', 'WEBHOOKS_ALLOW_PRIVATE', 'HOST', 'PORT']
    const read = Object.keys(environments[kind].shape).filter((name) => !elsewhere.includes(name))
    const given = Object.keys(document.services[kind]?.environment as Record<string, unknown>)
    expect(read).toEqual(expect.arrayContaining([...ofStore]))
    const wanted = read.filter((name) => (ofOne[name] ?? kind) === kind)
    expect(wanted.filter((name) => !given.includes(name))).toEqual([])
  })

  it('gives nobody but the migration the administrator of the database', () => {
    const knowing = all.filter(({ environment }) =>
      Object.values(environment).some((value) => value.includes(values.WORKLANE_DATABASE_PASSWORD ?? '?')),
    )
    expect(knowing.map(({ name }) => name)).toEqual(['postgres', 'migrate'])
  })

  it('refuses to start without a secret, by its name', async () => {
    const { AUTH_SECRET: _, ...without } = values
    await expect(readCompose(file, without)).rejects.toThrow('AUTH_SECRET is not set')
  })

  it.each(['api', 'web', 'worker'] as const)('has %s use as much memory as a load test does', (kind) => {
    const { young, old } = heaps[kind]
    const flags = [`--max-semi-space-size=${young}`, `--max-old-space-size=${old}`]
    expect(images.get(kind)?.command.slice(1, 3)).toEqual(flags)
  })
})
