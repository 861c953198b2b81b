import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { disturbancesOf } from '../../judge/machine.ts'
import { readJourney } from '../../plan/journey/journey-file.ts'
import { UsageError } from '../../plan/usage.ts'
import { Result } from '../../result/result.ts'
import { run } from '../../run/run.ts'
import { isMarked, sendsOnce } from '../../toolchain/sends-once.ts'
import { type BehaviourName, behaviourOf } from './behaviours.ts'
import { type Books, percentile, truthOf } from './books.ts'
import { caseOf } from './cases.ts'
import { type Comparison, compare, toldBy } from './compare.ts'
import type { FromTarget, Order } from './target.ts'

export type Played = Comparison & {
  /** What else used the machine meanwhile, where it was too much. */
  disturbances: string[]
}

/** Plays one case with so many k6 processes, and compares what was told with what the target has in its books. */
export async function playCase(name: BehaviourName, shards: number, k6: string): Promise<Played> {
  const { journey: file, users, think, duration } = caseOf(name)
  const behaviour = behaviourOf(name)
  const directory = await mkdtemp(join(tmpdir(), 'headroom-truth-'))
  const secure = behaviour.handshake === undefined ? null : await makeCertificate(directory)
  const target = await startTarget({ behaviour: name, ...(secure ? { certificate: secure } : {}) })
  try {
    const network = secure ? 0 : await networkTime(target.port)
    const result = await run({
      id: `truth-${name}-${shards}`,
      plan: {
        scenario: 'journey',
        journey: await readJourney(join(import.meta.dirname, `journeys/${file}.ts`)),
        shape: 'steady',
        shards,
        users,
        think,
        // All that is due is judged then, and the target need not know when which of the processes began.
        ramp: 0,
        duration,
        seed: 1,
        population: { seed: 1, organisations: 1, users },
      },
      k6: secure ? await trusting(k6, directory) : k6,
      target: `${secure ? 'https' : 'http'}://127.0.0.1:${target.port}`,
      sessionSecret: '',
      stack: null,
      faults: [],
      faultTexts: [],
    })
    // As whoever reads the file has it.
    const read = Result.parse(JSON.parse(JSON.stringify(result)))
    const told = toldBy(read)
    const disturbances = disturbancesOf(read.machineLoad)
    return { ...compare(told, truthOf(await target.books(), behaviour), caseOf(name), network), disturbances }
  } finally {
    target.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

type Target = { port: number; books(): Promise<Books>; stop(): void }

async function startTarget(order: Order): Promise<Target> {
  const child = fork(join(import.meta.dirname, 'target.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ask = async (message: Order | 'books'): Promise<FromTarget> => {
    child.send(message)
    const answer = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)])
    if (!answer) throw new Error(`the target of ${order.behaviour} ended: what it said stands above`)
    return answer[0]
  }
  const opened = await ask(order)
  if (!('port' in opened)) throw new Error('the target told its books before its port')
  return {
    port: opened.port,
    async books() {
      const told = await ask('books')
      if (!('books' in told)) throw new Error('the target told its port where its books were asked for')
      return told.books
    },
    stop: () => void child.kill(),
  }
}

const probes = 40

/** How long a byte is on its way at most, 95 of 100 times: half of the time there and back. */
async function networkTime(port: number): Promise<number> {
  const times: number[] = []
  for (let probe = 0; probe < probes; probe++) {
    const from = performance.now()
    await (await fetch(`http://127.0.0.1:${port}/`)).text()
    times.push((performance.now() - from) / 2)
  }
  // The first ones compile what they need.
  return percentile(times.slice(probes / 2), 0.95)
}

/** Of this machine's loopback, by itself signed. @throws UsageError without openssl */
async function makeCertificate(directory: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]).catch((error: Error) => {
    throw new UsageError(
      `openssl could not make a certificate (${error.message.split('\n')[0]})`,
      'install openssl, or choose other cases with --cases',
    )
  })
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}

/** k6 as a program that believes the certificate in the directory, and no other. */
async function trusting(k6: string, directory: string): Promise<string> {
  const program = join(directory, 'k6')
  if (await isMarked(k6)) await writeFile(join(directory, sendsOnce.mark), '')
  await writeFile(program, `#!/bin/sh\nSSL_CERT_FILE='${directory}/cert.pem' exec '${k6}' "$@"\n`)
  await chmod(program, 0o755)
  return program
}
