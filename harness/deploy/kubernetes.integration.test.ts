import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { project } from '../project.ts'
import { provide } from '../toolchain/provide.ts'
import { pythonPackage } from '../toolchain/python.ts'
import { type Manifest, weaknessesOf } from './manifests.ts'

/** The oldest that still gets fixes, and the newest. */
const versions = ['1.34', '1.37']

describe('the manifests for a cluster', () => {
  let kustomize: string
  let python: string
  let directory: string

  beforeAll(async () => {
    ;[
      {
        kustomize: { path: kustomize },
      },
      python,
    ] = await Promise.all([
      provide(['kustomize']),
      pythonPackage({ name: 'kubernetes-validate', version: '1.37.0' }),
    ])
    directory = await mkdtemp(join(tmpdir(), 'worklane-kubernetes-'))
  }, 600_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** As `kubectl apply -k` sends them. */
  const rendered = async (of: string): Promise<string> => (await execa(kustomize, ['build', of])).stdout

  /** What the schemas that Kubernetes publishes say; unknown fields are refused, as `kubectl apply` refuses them. */
  async function problemsOf(text: string): Promise<string[]> {
    const file = join(directory, 'rendered.yaml')
    await writeFile(file, text)
    const { stdout } = await execa(
      python,
      ['-m', 'kubernetes_validate', '--strict', '--quiet', ...versions.flatMap((each) => ['-k', each]), file],
      { reject: false },
    )
    return stdout.split('\n').filter(Boolean)
  }

  const manifestsIn = (text: string): Manifest[] => parseAllDocuments(text).map((each) => each.toJS())

  /** The overlay over a base in which something else is written. */
  async function changed(file: string, right: string, wrong: string): Promise<string> {
    const copy = await mkdtemp(join(directory, 'changed-'))
    await cp(join(project, 'deploy/kubernetes'), copy, { recursive: true })
    const text = await readFile(join(copy, file), 'utf8')
    expect(text).toContain(right)
    await writeFile(join(copy, file), text.replace(right, wrong))
    return rendered(join(copy, 'production'))
  }

  it.each(['base', 'production'])("are right by Kubernetes' own schemas: %s", async (name) => {
    const text = await rendered(join(project, 'deploy/kubernetes', name))
    expect(manifestsIn(text).length).toBeGreaterThan(20)
    expect(await problemsOf(text)).toEqual([])
  })

  it.each([
    ['a field that there is not', 'base/web.yaml', 'failureThreshold: 45', 'failureTreshold: 45'],
    ['a field of another kind', 'base/api.yaml', 'periodSeconds: 5', 'periodSeconds: often'],
    ['a kind that there is not', 'base/edge.yaml', 'apiVersion: policy/v1', 'apiVersion: policy/v9'],
  ])('would be refused with %s', async (_, file, right, wrong) => {
    expect((await problemsOf(await changed(file, right, wrong))).length).toBeGreaterThan(0)
  })

  it('give every process what a process of ours has, and nothing beside it', async () => {
    expect(weaknessesOf(manifestsIn(await rendered(join(project, 'deploy/kubernetes/production'))))).toEqual(
      [],
    )
  })

  it.each([
    ['base/hardened.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false', 'api runs as root'],
    ['base/hardened.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', 'api may write'],
    ['base/hardened.yaml', 'drop: [ALL]', 'drop: [CHOWN]', 'api keeps rights'],
    ['base/migrate.yaml', 'limits: { memory: 256Mi }', 'limits: {}', 'migrate has no limit of memory'],
    [
      'base/worker.yaml',
      'livenessProbe:\n            httpGet: { path: /healthz',
      'livenessProbe:\n            httpGet: { path: /readyz',
      'worker ends while what it needs is away',
    ],
    [
      'base/api.yaml',
      'readinessProbe:\n            httpGet: { path: /healthz',
      'readinessProbe:\n            httpGet: { path: /readyz',
      'api goes away with what all of them share',
    ],
    [
      'base/worker.yaml',
      'kind: PodDisruptionBudget\nmetadata:\n  name: worker',
      'kind: PodDisruptionBudget\nmetadata:\n  name: other',
      'worker has no PodDisruptionBudget',
    ],
    [
      'base/network.yaml',
      'podSelector: {}\n  policyTypes: [Ingress, Egress]',
      'podSelector: {}\n  policyTypes: [Ingress]',
      'nobody is kept from the way out',
    ],
    [
      'base/hardened.yaml',
      'terminationGracePeriodSeconds: 30',
      'terminationGracePeriodSeconds: 12',
      'api is killed before it has stopped',
    ],
  ])('are said to be weak: %s with %s → %s', async (file, right, wrong, weakness) => {
    expect(weaknessesOf(manifestsIn(await changed(file, right, wrong)))).toContain(weakness)
  })

  /** `kubectl apply -k <directory> -l <selector>` in the documentation. */
  async function documentedSelections(): Promise<{ directory: string; selector: string }[]> {
    const files = (await readdir(join(project, 'docs'))).filter((name) => name.endsWith('.md'))
    const texts = await Promise.all(files.map((name) => readFile(join(project, 'docs', name), 'utf8')))
    const commands = texts.join('\n').matchAll(/kubectl apply -k (\S+) -l (\S+)/g)
    return [...commands].map(([, directory = '', selector = '']) => ({ directory, selector }))
  }
  const selected = (manifests: Manifest[], selector: string) =>
    manifests.filter(({ metadata }) =>
      selector.split(',').every((pair) => {
        const [name = '', value] = pair.split('=')
        return metadata.labels?.[name] === value
      }),
    )

  it('have what a label in docs/ selects, which is not a label of pods alone', async () => {
    const selections = await documentedSelections()
    expect(selections).not.toEqual([])
    for (const { directory: of, selector } of selections) {
      const kinds = selected(manifestsIn(await rendered(join(project, of))), selector).map(({ kind }) => kind)
      expect(kinds, selector).toEqual(['Job'])
      const label = '  labels: { app.kubernetes.io/name: migrate }\nspec:'
      const without = manifestsIn(await changed('base/migrate.yaml', label, 'spec:'))
      expect(selected(without, selector)).toEqual([])
    }
  })

  it('speak of no secret but by its name', async () => {
    const text = await rendered(join(project, 'deploy/kubernetes/production'))
    expect(manifestsIn(text).filter(({ kind }) => kind === 'Secret')).toEqual([])
    expect(text).not.toMatch(/(PASSWORD|SECRET|TOKEN|_URL): \S/)
  })
})
