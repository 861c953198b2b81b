type Probe = { httpGet?: { path?: string } }
type Process = {
  name: string
  image: string
  env?: { name: string; valueFrom?: { secretKeyRef?: { key: string } } }[]
  securityContext?: {
    allowPrivilegeEscalation?: boolean
    readOnlyRootFilesystem?: boolean
    capabilities?: { drop?: string[] }
  }
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: { preStop?: { sleep?: { seconds: number } } }
}
type Pod = {
  automountServiceAccountToken?: boolean
  terminationGracePeriodSeconds?: number
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type?: string } }
  containers: Process[]
}
export type Manifest = {
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  spec?: {
    template?: { spec: Pod }
    podSelector?: Record<string, unknown>
    policyTypes?: string[]
  }
}

/** How long a process of Worklane takes to stop at most (app/data/shutdown.ts). Seconds. */
const stopsWithin = 10

/** What the schemas do not ask for, and we do of everything that runs; a line for each that lacks it. */
export function weaknessesOf(manifests: readonly Manifest[]): string[] {
  const running = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  return [
    ...running.flatMap(({ kind, metadata: { name }, spec }) => {
      const pod = spec?.template?.spec
      if (!pod) return [`${name} has no pod`]
      const found = [...ofPod(pod), ...pod.containers.flatMap(ofProcess)]
      const serving = kind === 'Deployment' ? [...ofServing(pod), ...ofNeighbours(name, manifests)] : []
      return [...new Set([...found, ...serving])].map((weakness) => `${name} ${weakness}`)
    }),
    ...ofNetwork(manifests),
  ]
}

type Rule<Of> = [isRight: (of: Of) => boolean, weakness: string]

const check = <Of>(rules: Rule<Of>[], of: Of): string[] =>
  rules.flatMap(([isRight, weakness]) => (isRight(of) ? [] : [weakness]))

const ofPod = (pod: Pod) =>
  check<Pod>(
    [
      [
        ({ securityContext: given }) => given?.runAsNonRoot === true && Number(given.runAsUser) > 0,
        'runs as root',
      ],
      [
        ({ securityContext: given }) => given?.seccompProfile?.type === 'RuntimeDefault',
        'may ask the kernel for anything',
      ],
      [({ automountServiceAccountToken: given }) => given === false, 'holds a token of the cluster'],
    ],
    pod,
  )

const ofProcess = (process: Process) =>
  check<Process>(
    [
      [
        ({ securityContext: given }) => given?.allowPrivilegeEscalation === false,
        'may become more than it is',
      ],
      [({ securityContext: given }) => given?.readOnlyRootFilesystem === true, 'may write'],
      [({ securityContext: given }) => given?.capabilities?.drop?.includes('ALL') === true, 'keeps rights'],
      [({ resources }) => resources?.limits?.memory !== undefined, 'has no limit of memory'],
      [({ resources }) => resources?.requests?.cpu !== undefined, 'asks for no CPU'],
    ],
    process,
  )

function ofServing(pod: Pod): string[] {
  const stops = Math.max(...pod.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0))
  const probes = pod.containers.flatMap((process) =>
    check<Process>(
      [
        [({ startupProbe }) => startupProbe !== undefined, 'has no startup probe'],
        [({ readinessProbe }) => readinessProbe !== undefined, 'has no readiness probe'],
        [({ livenessProbe }) => livenessProbe !== undefined, 'has no liveness probe'],
        [
          ({ livenessProbe }) => livenessProbe?.httpGet?.path !== '/readyz',
          'ends while what it needs is away',
        ],
        [
          ({ readinessProbe }) => readinessProbe?.httpGet?.path !== '/readyz',
          'goes away with what all of them share',
        ],
      ],
      process,
    ),
  )
  const isPatient = (pod.terminationGracePeriodSeconds ?? 30) > stops + stopsWithin
  return [
    ...probes,
    ...(stops > 0 ? [] : ['stops while requests are still sent to it']),
    ...(isPatient ? [] : ['is killed before it has stopped']),
  ]
}

const ofNeighbours = (name: string, manifests: readonly Manifest[]) =>
  ['PodDisruptionBudget', 'HorizontalPodAutoscaler', 'NetworkPolicy'].flatMap((kind) =>
    manifests.some((each) => each.kind === kind && each.metadata.name === name) ? [] : [`has no ${kind}`],
  )

/** A policy that selects everybody and allows nothing. */
function ofNetwork(manifests: readonly Manifest[]): string[] {
  const everybody = manifests.filter(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' &&
      Object.keys(spec?.podSelector ?? { some: 1 }).length === 0 &&
      !('egress' in (spec ?? {})) &&
      !('ingress' in (spec ?? {})),
  )
  const denied = new Set(everybody.flatMap(({ spec }) => spec?.policyTypes ?? []))
  return [
    ...(denied.has('Ingress') ? [] : ['nobody is kept from the way in']),
    ...(denied.has('Egress') ? [] : ['nobody is kept from the way out']),
  ]
}
