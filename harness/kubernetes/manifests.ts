import { vusFor } from '@headroom/loadtests/wire/workloads.ts'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IService } from 'kubernetes-models/v1/Service'
import type { Order } from '../collect/order.ts'
import { goRuntime } from '../run/go-runtime.ts'
import { collectorSize, resourcesOf, runnerSize } from './sizes.ts'

export type Cluster = {
  order: Order
  /** The collector's, from harness/kubernetes/Dockerfile. */
  image: string
  /** k6's. */
  runnerImage: string
}

/** The files that the manifests speak of. */
export const files = {
  archive: 'archive.tar',
  plan: 'plan.json',
  secret: 'secret.env',
  testRun: 'testrun.yaml',
  collector: 'collector.yaml',
  kustomization: 'kustomization.yaml',
} as const

/** What everything of a test is called. */
export function namesOf({ plan }: Order) {
  const name = `headroom-${plan.scenario}`
  const parts = { script: `${name}-script`, plan: `${name}-plan`, secret: `${name}-secret` }
  return { testRun: name, collector: `${name}-collector`, ...parts }
}

const port = 8_080

/** Where the runners find the collector, in whichever namespace both are. */
export const collectorUrl = (order: Order): string => `http://${namesOf(order).collector}:${port}/`

/** Of the images `node` and `grafana/k6`. */
const users = { node: 1_000, k6: 12_345 }

const podSecurity = (runAsUser: number) => ({
  runAsNonRoot: true,
  runAsUser,
  runAsGroup: runAsUser,
  seccompProfile: { type: 'RuntimeDefault' as const },
})
const containerSecurity = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }

/**
 * The runners: k6 on execution segments, one a node. The archive holds the workload (k6 fixes its options when it
 * is made); the environment says only what a cluster knows better.
 *
 * There is no `cleanup`: when a run is invalid, its runners' logs say why.
 */
export function testRun({ order, runnerImage: image }: Cluster) {
  const { plan, target } = order
  const names = namesOf(order)
  const size = runnerSize(plan)
  const vus = vusFor(plan.users, plan.shards) / plan.shards
  const go = goRuntime({ vus, cores: Math.max(2, Math.ceil(size.cores)), memoryMiB: size.memoryMiB * 0.9 })
  const env = { HEADROOM_TARGET: target, HEADROOM_COLLECTOR: collectorUrl(order), ...go }
  const safe = {
    automountServiceAccountToken: 'false',
    containerSecurityContext: containerSecurity,
    securityContext: podSecurity(users.k6),
  }
  return {
    apiVersion: 'k6.io/v1alpha1',
    kind: 'TestRun',
    metadata: { name: names.testRun },
    spec: {
      parallelism: plan.shards,
      // Two generators on a node would measure each other.
      separate: true,
      script: { configMap: { name: names.script, file: files.archive } },
      arguments: '--no-color --no-usage-report --summary-mode=disabled --no-thresholds',
      initializer: { image, ...safe, resources: resourcesOf({ cores: 0.1, memoryMiB: 256 }) },
      starter: safe,
      runner: {
        image,
        ...safe,
        resources: resourcesOf(size),
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        envFrom: [{ secretRef: { name: names.secret } }],
        // A runner that begins before the collector listens loses its first messages, and with them the run.
        initContainers: [{ name: 'collector-is-ready', image, command: ['sh', '-c', waiting(order)] }],
        // By default k6 is killed when it does not answer within a second, three times: while it is busy playing.
        livenessProbe: {
          httpGet: { path: '/v1/status', port: 6_565 },
          periodSeconds: 10,
          timeoutSeconds: 10,
          failureThreshold: 12,
        },
      },
    },
  }
}

/** Five minutes, then the runner fails and nothing is played: the collector says why at /readyz. */
const waiting = (order: Order): string =>
  `for _ in $(seq 150); do wget -q -T 5 -O - ${collectorUrl(order)}readyz && exit 0; sleep 2; done; exit 1`

export function collectorDeployment({ order, image }: Cluster): IDeployment {
  const names = namesOf(order)
  const labels = labelsOf(order)
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 2 })
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: names.collector, labels },
    spec: {
      // What it collected is in its memory: never two of them, and never one that moves.
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          securityContext: { ...podSecurity(users.node), fsGroup: users.node },
          containers: [
            {
              name: 'collector',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: ['collect', '--plan', `/plan/${files.plan}`, '--port', String(port)],
              env: [{ name: 'HEADROOM_RESULTS', value: '/results' }],
              envFrom: [{ secretRef: { name: names.secret } }],
              ports: [{ name: 'http', containerPort: port }],
              livenessProbe: { ...probe('/healthz'), timeoutSeconds: 5, failureThreshold: 30 },
              readinessProbe: probe('/readyz'),
              resources: resourcesOf(collectorSize(order.plan)),
              securityContext: { ...containerSecurity, readOnlyRootFilesystem: true },
              volumeMounts: [
                { name: 'plan', mountPath: '/plan', readOnly: true },
                { name: 'results', mountPath: '/results' },
              ],
            },
          ],
          volumes: [
            { name: 'plan', configMap: { name: names.plan } },
            { name: 'results', emptyDir: {} },
          ],
        },
      },
    },
  }
}

export function collectorService({ order }: Cluster): IService {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: namesOf(order).collector, labels: labelsOf(order) },
    spec: {
      selector: labelsOf(order),
      ports: [{ name: 'http', port, targetPort: 'http' }],
      // It says why it is not ready, and tells its verdict when it is over; no probe may come between its runners.
      publishNotReadyAddresses: true,
    },
  }
}

const labelsOf = (order: Order) => ({
  'app.kubernetes.io/name': 'headroom-collector',
  'app.kubernetes.io/instance': namesOf(order).testRun,
})

/** No namespace: it goes where `kubectl -n` says. */
export function kustomization({ order }: Cluster) {
  const names = namesOf(order)
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [files.collector, files.testRun],
    configMapGenerator: [
      { name: names.script, files: [files.archive] },
      { name: names.plan, files: [files.plan] },
    ],
    secretGenerator: [{ name: names.secret, envs: [files.secret] }],
    // Kustomize renames what a Deployment refers to, and does not know that a TestRun refers to anything.
    generatorOptions: { disableNameSuffixHash: true },
  }
}
