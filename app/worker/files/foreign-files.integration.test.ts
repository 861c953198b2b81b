import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId, userId } from '@worklane/data/ids.ts'
import { pictureKey } from '@worklane/data/picture-keys.ts'
import { execute } from '@worklane/domain/execute.ts'
import { linkFile } from '@worklane/domain/files/operations.ts'
import { blobs } from '@worklane/domain/files/store.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pick } from '../../../fixtures/random.ts'
import { startEdge } from '../../../harness/stack/edge.ts'
import { type Guard, startGuard } from '../../../harness/stack/guard.ts'
import { answers, launch, type Part, untilReady } from '../../../harness/stack/part.ts'
import { type PortBlock, takePortBlock } from '../../../harness/stack/ports.ts'
import { provide } from '../../../harness/toolchain/provide.ts'
import { asked, probeOf, type Stored } from '../testing/file-probes.ts'

/** A release asks 100,000 times: FILE_PROBES=100000. */
const probes = Number(process.env.FILE_PROBES ?? 3_000)
const atOnce = 16

describe('the bytes of another tenant', () => {
  const inherited = { ...process.env }
  let guard: Guard
  let ports: PortBlock
  let directory: string
  let edge: Part
  let program: string
  let origin: string
  let bucket: string
  let store: BlobStore
  let [own, foreign]: [Tenant, Tenant] = [] as never
  let theirs: Things
  let [ours, others]: [Stored, Stored] = [] as never

  beforeAll(async () => {
    const { nginx } = await provide(['nginx'])
    program = nginx.path
    guard = startGuard()
    ports = await takePortBlock()
    directory = await mkdtemp(join(tmpdir(), 'headroom-foreign-'))
    const port = await ports.next()
    origin = `http://127.0.0.1:${port}`
    bucket = process.env.S3_BUCKET ?? ''
    edge = await startEdge({
      ...{
        guard,
        program,
        directory,
        logFile: join(directory, 'edge.log'),
        build: undefined,
        compress: true,
      },
      // Nobody answers for the pages and the API: they are no way to a file.
      ports: { edge: port, web: [1], api: [1] },
      store: { port: Number(new URL(process.env.S3_ENDPOINT ?? '').port), bucket },
    })
    process.env.S3_PUBLIC_ENDPOINT = origin
    process.env.RATE_LIMIT_SCALE = '10000'
    store = await blobs()
    ;[own, foreign] = [await createTenant(), await createTenant()]
    const things = await furnish(own)
    theirs = await furnish(foreign)
    ours = await stored(own, things)
    others = await stored(foreign, theirs)
    // The links that are to be over.
    await new Promise((resolve) => setTimeout(resolve, 2_100))
  })
  afterAll(async () => {
    await edge?.stop()
    await closeRuntime()
    guard?.end()
    ports?.release()
    Object.assign(process.env, inherited)
    await rm(directory, { recursive: true, force: true })
  })

  /** Puts something at each of a tenant's keys, which holds its canary. */
  async function stored(tenant: Tenant, { fileId }: Things): Promise<Stored> {
    const [organisation, person] = [orgId(tenant.id), userId(tenant.people.owner.actor.userId)]
    const picture = randomUUID()
    const keys = [
      blobKey(organisation, fileId, 'original'),
      blobKey(organisation, fileId, 'thumbnail'),
      blobKey(organisation, fileId, 'upload'),
      pictureKey({ kind: 'person', id: person }, picture, 'square'),
      pictureKey({ kind: 'organisation', id: organisation }, picture, 'square'),
    ] as const
    for (const key of keys) await store.put(key, bytesOf(tenant, key), 'image/png')
    await asAdministrator((client) =>
      client.query('update users set avatar = $1 where id = $2', [picture, person]),
    )
    const asked = { disposition: 'attachment; filename="a.png"', type: 'image/png' }
    return {
      keys: [...keys],
      link: await store.downloadLink(keys[0], { ...asked, seconds: 3_600 }),
      expired: await store.downloadLink(keys[0], { ...asked, seconds: 1 }),
      orgId: tenant.id,
    }
  }
  const bytesOf = ({ canary }: Tenant, key: string) => Buffer.from(`${canary} at ${key}\n`.repeat(20))
  const holds = (text: string) => text.includes(foreign.canary)

  /** Asks so many times, some at once. @returns of those that showed something, what they were */
  async function leaks(count: number, ask: (turn: number) => Promise<{ what: string; text: string }>) {
    const found: string[] = []
    let turn = 0
    const asking = async () => {
      while (turn < count) {
        const { what, text } = await ask(turn++)
        if (holds(text)) found.push(what)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, asking))
    return found
  }
  const throughEdge = (at: string) => async (turn: number) => {
    const probe = probeOf(turn, ours, others, bucket)
    const text = await asked(at, probe).catch((error: Error) => error.message)
    return { what: `${probe.what}: ${probe.method} ${probe.path}`, text }
  }
  /** Of every operation that is told an id of a file, an upload, a picture, or of what they belong to. */
  const aboutFiles = operationList.filter(({ name }) => /^(file|upload|avatar|logo|comment)\./.test(name))
  const byOperations = async (turn: number) => {
    const operation = pick(aboutFiles, 31, turn)
    const { actor } = pick(Object.values(own.people), 32, turn)
    const input = {
      ...sampleInput(operation, theirs),
      ...(operation.name === 'comment.create' ? { fileIds: [theirs.fileId], taskId: own.task } : {}),
    }
    const answer = await execute(operation as never, actor, input as never).then(
      (output) => JSON.stringify(output),
      (error: Error) => `${error.message} ${JSON.stringify(error)}`,
    )
    // A link is followed: what is behind it counts.
    const behind = await Promise.all(
      (answer.match(/http:[^"\\ ]+/g) ?? []).map((url) => fetch(url).then((found) => found.text())),
    )
    return { what: operation.name, text: [answer, ...behind].join('\n') }
  }

  it('are found by those who may have them, so that the search can find them', async () => {
    const whole = await asked(origin, { what: '', method: 'GET', path: pathOf(others.link) })
    expect(whole.startsWith('200\n')).toBe(true)
    expect(holds(whole)).toBe(true)
    const mine = await asked(origin, { what: '', method: 'GET', path: pathOf(ours.link) })
    expect([mine.includes(own.canary), holds(mine)]).toEqual([true, false])
    const { url } = await execute(linkFile, foreign.people.viewer.actor, { fileId: theirs.fileId })
    expect(await (await fetch(url)).text()).toContain(foreign.canary)
  })

  it(`are seen in none of ${probes.toLocaleString('en-US')} attempts by links, keys, paths and operations`, async () => {
    const byLinks = Math.ceil(probes * 0.9)
    const found = [
      ...(await leaks(byLinks, throughEdge(origin))),
      ...(await leaks(probes - byLinks, byOperations)),
    ]
    expect(found).toEqual([])
    process.stdout.write(
      `${probes} attempts at another tenant's bytes, 0 leaks: in truth fewer than ${(300 / probes).toPrecision(2)}% at 95%\n`,
    )
    // Nor was anything changed or taken away.
    for (const key of others.keys)
      expect(await store.propertiesOf(key as never)).toMatchObject({ size: bytesOf(foreign, key).length })
  }, 1_800_000)

  it('would be found behind an operation that looks up no tenant', async () => {
    const unguarded = async (turn: number) => {
      const id = pick([theirs.fileId, randomUUID()], 41, turn)
      const [row] = await asAdministrator(
        async (client) => (await client.query('select org_id from files where id = $1', [id])).rows,
      )
      if (!row) return { what: 'unguarded', text: 'not found' }
      const asked = { disposition: 'inline', type: 'image/png', seconds: 60 }
      const link = await store.downloadLink(blobKey(row.org_id, id, 'original'), asked)
      return { what: 'unguarded', text: await (await fetch(link)).text() }
    }
    expect((await leaks(20, unguarded)).length).toBeGreaterThan(0)
  })

  it('would be found behind an edge that keeps answers by their path alone', async () => {
    const port = await ports.next()
    const at = `http://127.0.0.1:${port}`
    const folder = join(directory, 'keeping')
    await mkdir(folder)
    const file = join(folder, 'nginx.conf')
    await writeFile(file, keepingEdge(folder, port, new URL(process.env.S3_ENDPOINT ?? '').host))
    const keeping = launch(guard, {
      ...{ name: 'edge', command: program, args: ['-p', folder, '-c', file, '-e', 'stderr'] },
      ...{ logFile: join(directory, 'keeping.log'), stopSignal: 'SIGQUIT' as const },
    })
    await untilReady(keeping, answers(`${at}/edge-health`), 20)
    // Somebody who may has just had it, by the other origin's name, for which it is signed.
    const allowed = {
      what: '',
      method: 'GET',
      path: pathOf(others.link),
      headers: { Host: new URL(origin).host },
    }
    expect(holds(await asked(at, allowed))).toBe(true)
    expect((await leaks(300, throughEdge(at))).length).toBeGreaterThan(0)
    await keeping.stop()
  })

  it('are asked for in many ways', () => {
    const kinds = new Set<string>()
    for (let turn = 0; turn < 3_000; turn++)
      kinds.add(probeOf(turn, ours, others, bucket).what.replace(/ as \w+$/, ''))
    expect(kinds.size).toBeGreaterThan(15)
  })
})

const pathOf = (link: string) => {
  const { pathname, search } = new URL(link)
  return pathname + search
}

const keepingEdge = (folder: string, port: number, store: string) => `
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
error_log stderr warn;
daemon off;
events {}
http {
  access_log off;
  proxy_temp_path ${folder}/proxy;
  client_body_temp_path ${folder}/body;
  proxy_cache_path ${folder}/cache keys_zone=all:1m;
  server {
    listen 127.0.0.1:${port};
    location = /edge-health { return 200 ok; }
    location / {
      proxy_cache all;
      proxy_cache_key $uri;
      proxy_cache_valid 200 1m;
      proxy_set_header Host $http_host;
      proxy_pass http://${store};
    }
  }
}
`
