import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { fullPopulation } from '@headroom/fixtures/sizes.ts'
import { type ScenarioName, vusFor, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { Deployment, type IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import { Service } from 'kubernetes-models/v1/Service'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Plan } from '../plan/scenarios.ts'
import { type Cluster, collectorDeployment, collectorService, kustomization, testRun } from './manifests.ts'
import { runnerSize } from './sizes.ts'
import { validatorOf } from './testing/crd.ts'
import { yaml } from './write.ts'

const planOf = (scenario: ScenarioName, shards: number, users?: number): Plan => {
  const { scan: _, streams: __, ...workload } = workloads[scenario]
  const population = { ...(workload.users > 2_000 ? fullPopulation : defaultPopulation), seed: 1 }
  return { ...workload, scenario, shards, seed: 1, population, users: users ?? workload.users }
}

const clusterOf = (plan: Plan): Cluster => ({
  order: { target: 'https://staging.example.com', revision: null, plan },
  image: 'headroom-collector:1',
  runnerImage: 'grafana/k6:1.8.1',
})

const asWritten = (manifest: object) => parse(yaml(manifest))

describe('what is written for a cluster', () => {
  const validate = validatorOf(readFileSync(join(import.meta.dirname, 'testing/k6.io_testruns.yaml'), 'utf8'))
  const cluster = clusterOf(planOf('100k', 4))

  it.each(Object.keys(workloads) as ScenarioName[])(
    "is a TestRun by k6-operator's own schema: %s",
    (scenario) => {
      expect(validate(asWritten(testRun(clusterOf(planOf(scenario, 3)))))).toEqual([])
    },
  )

  it('would be refused with a field that the operator does not know, by its name', () => {
    const { spec, ...rest } = testRun(cluster)
    const misspelt = { ...spec, paralellism: 4, runner: { ...spec.runner, envfrom: [] } }
    expect(validate({ ...rest, spec: misspelt })).toEqual([
      '/spec must NOT have additional properties (paralellism)',
      '/spec/runner must NOT have additional properties (envfrom)',
    ])
  })

  it('would be refused with a field of another kind, or without one that must be there', () => {
    const { spec, ...rest } = testRun(cluster)
    const { parallelism: _, ...without } = spec
    expect(validate({ ...rest, spec: without })).toEqual([
      "/spec must have required property 'parallelism' ()",
    ])
    const liveness = { ...spec.runner.livenessProbe, periodSeconds: '10' }
    const wrong = { ...spec, separate: 'true', runner: { ...spec.runner, livenessProbe: liveness } }
    expect(validate({ ...rest, spec: wrong })).toEqual([
      '/spec/runner/livenessProbe/periodSeconds must be integer ()',
      '/spec/separate must be boolean ()',
    ])
  })

  it("is a Deployment and a Service by Kubernetes' own schemas", () => {
    expect(() => new Deployment(asWritten(collectorDeployment(cluster))).validate()).not.toThrow()
    expect(() => new Service(asWritten(collectorService(cluster))).validate()).not.toThrow()
  })

  it('would be refused where they do not hold: by the schema, and a name by the types', () => {
    const deployment = collectorDeployment(cluster)
    const { spec } = deployment
    const none = { ...deployment, spec: { ...spec, template: { spec: { containers: [{ image: 'x' }] } } } }
    expect(() => new Deployment(none as IDeployment).validate()).toThrow(/name/)
    expect(() =>
      new Deployment({ ...deployment, spec: { ...spec, replicas: '1' } } as never).validate(),
    ).toThrow(/replicas/)
    const misspelt: IDeployment['spec'] = {
      selector: {},
      template: {},
      // @ts-expect-error Kubernetes would refuse it, and so does the compiler.
      replica: 1,
    }
    expect(misspelt).toBeDefined()
  })

  it('speaks of nothing that is not there', () => {
    const { configMapGenerator, secretGenerator } = kustomization(cluster)
    const [configMaps, secrets] = [configMapGenerator, secretGenerator].map((made) =>
      made.map(({ name }) => name),
    )
    const { script, runner } = testRun(cluster).spec
    const pod = collectorDeployment(cluster).spec?.template.spec
    expect(configMaps).toContain(script.configMap.name)
    expect(configMaps).toContain(pod?.volumes?.find(({ configMap }) => configMap)?.configMap?.name)
    for (const { secretRef } of [...runner.envFrom, ...(pod?.containers[0]?.envFrom ?? [])])
      expect(secrets).toContain(secretRef?.name)
    const mounts = pod?.containers[0]?.volumeMounts?.map(({ name }) => name)
    expect(mounts?.sort()).toEqual(pod?.volumes?.map(({ name }) => name).sort())
    const service = collectorService(cluster)
    const [port] = service.spec?.ports ?? []
    expect(runner.env).toContainEqual({
      name: 'HEADROOM_COLLECTOR',
      value: `http://${service.metadata?.name}:${port?.port}/`,
    })
    expect(pod?.containers[0]?.ports?.map(({ name }) => name)).toContain(port?.targetPort)
    expect(collectorDeployment(cluster).spec?.template.metadata?.labels).toMatchObject(
      service.spec?.selector ?? {},
    )
  })

  it('gives a runner what docs/scaling.md says, and half of its CPU again', () => {
    expect(runnerSize(planOf('100k', 1))).toEqual({ cores: 2.2, memoryMiB: 2_240 })
    expect(runnerSize(planOf('100k', 4))).toEqual({ cores: 0.6, memoryMiB: 768 })
    expect(runnerSize(planOf('100k', 3, 1_000_000))).toEqual({ cores: 7.4, memoryMiB: 6_784 })
    expect(runnerSize(planOf('100k', 28, 10_000_000))).toEqual({ cores: 7.9, memoryMiB: 7_232 })
  })

  it('plays as many VUs in a runner as --shards does in a process', () => {
    const goOf = (plan: Plan) =>
      Object.fromEntries(testRun(clusterOf(plan)).spec.runner.env.map(({ name, value }) => [name, value]))
    expect(vusFor(1_000_000, 2)).toBe(40)
    expect(goOf(planOf('100k', 2, 1_000_000))).toMatchObject({ GOMAXPROCS: '11', GOGC: '300' })
    expect(goOf(planOf('100k', 4))).toMatchObject({ GOMAXPROCS: '1', GOGC: '300', GOMEMLIMIT: '691MiB' })
  })
})
