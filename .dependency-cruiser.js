/**
 * Imports point one way: web, api, worker → domain → data; loadtests → fixtures; seed → fixtures, data;
 * harness → what it runs; perf-budgets, fixtures and sandbox import nothing of ours.
 */
const rooms = [
  'app/web',
  'app/api',
  'app/worker',
  'app/domain',
  'app/data',
  'app/edge',
  'fixtures',
  'seed',
  'loadtests',
  'perf-budgets',
  'dashboards',
  'harness',
  'sandbox',
]

export const mayImport = {
  'app/web': ['app/domain', 'app/data', 'app/api'],
  'app/api': ['app/domain', 'app/data'],
  'app/worker': ['app/domain', 'app/data'],
  'app/domain': ['app/data'],
  'app/data': [],
  'app/edge': [],
  fixtures: [],
  seed: ['fixtures', 'app/data'],
  loadtests: ['fixtures', 'perf-budgets'],
  'perf-budgets': [],
  dashboards: ['perf-budgets'],
  harness: ['perf-budgets', 'dashboards', 'fixtures', 'seed', 'loadtests', 'app/edge', 'app/data', 'sandbox'],
  sandbox: [],
}

/** Of the harness, from the ground up: each imports only those before it. */
export const floors = [
  // What was found, what is to be played, and with which tools.
  'project.ts',
  'result',
  'books',
  'plan',
  'toolchain',
  'collect',
  // The engine.
  'judge',
  'stack',
  'run',
  'report',
  // Products.
  'payments',
  'capacity',
  'browser',
  'lighthouse',
  'gate',
  'kubernetes',
  'history',
  // The workshop, and the command line on top.
  'deploy',
  'fuzz',
  'generate',
  'test',
  'bench',
  'cli',
]

const literal = (text) => text.replaceAll('/', '\\/')

export default {
  forbidden: [
    ...rooms.map((room) => ({
      name: `${room.replace('/', '-')}-imports-one-way`,
      comment: `${room} may import ${mayImport[room].join(', ') || 'no other room'}`,
      severity: 'error',
      from: { path: `^${literal(room)}/`, pathNot: '(\\.test\\.ts$|/testing/)' },
      to: {
        path: rooms
          .filter((other) => other !== room && !mayImport[room].includes(other))
          .map((other) => `^${literal(other)}/`),
      },
    })),
    ...floors.slice(0, -1).map((floor, place) => ({
      name: `harness-${floor}-imports-what-is-below`,
      comment: `harness/${floor} may import ${floors.slice(0, place).join(', ') || 'nothing of the harness'}`,
      severity: 'error',
      from: { path: `^harness/${literal(floor)}(/|$)`, pathNot: '(\\.test\\.ts$|/testing/)' },
      to: { path: floors.slice(place + 1).map((above) => `^harness/${literal(above)}(/|$)`) },
    })),
    {
      name: 'harness-has-no-other-floor',
      comment: 'a new folder of harness/ has its place in the list of floors',
      severity: 'error',
      from: {},
      to: {
        path: '^harness/',
        pathNot: [...floors.map((floor) => `^harness/${literal(floor)}(/|$)`), 'node_modules'],
      },
    },
    {
      name: 'harness-reads-only-what-is-not-k6',
      comment: 'k6 code is run as files; the harness shares the message format and what users ask',
      severity: 'error',
      from: { path: '^harness/', pathNot: '\\.test\\.ts$' },
      to: { path: '^loadtests/', pathNot: '^loadtests/(wire|generated|journeys)/' },
    },
    {
      name: 'k6-code-imports-files-and-k6-only',
      comment: 'so that plain `k6 run` works',
      severity: 'error',
      from: { path: '^(loadtests|fixtures)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: '@types/k6' },
    },
    {
      name: 'object-store-is-loaded-when-asked',
      comment: 'its SDK costs a process 10 to 30 MiB: Worklane gets it from blobsOnDemand',
      severity: 'error',
      from: { path: '^app/', pathNot: '(\\.test\\.ts$|/testing/|^app/data/blob-store\\.ts$)' },
      to: {
        path: ['^app/data/blob-store\\.ts$', 'node_modules/@aws-sdk/'],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(k6|next/image-types)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'generated'] },
    exclude: { path: ['\\.next/', '\\.headroom/', 'generated/prisma'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
    tsPreCompilationDeps: true,
  },
}
