import { setTimeout as sleep } from 'node:timers/promises'
import { checkConformance, isWhole } from '@headroom/payments-sandbox/conformance/report.ts'
import { execa } from 'execa'
import getPort from 'get-port'
import { plainTable } from '../result/table.ts'
import { provide } from '../toolchain/provide.ts'

/**
 * How much of the payments sandbox is as Stripe documents it: every operation played through the real SDK, each request,
 * answer and event held against Stripe's OpenAPI document, and the requests played to stripe-mock as well.
 * @returns whether all of it is
 */
export async function benchSandbox(say: (line: string) => void): Promise<boolean> {
  const mock = await startMock(say)
  try {
    const conformance = await checkConformance({ mock: mock.origin })
    const {
      offered,
      described,
      notOffered,
      notPlayed,
      requests,
      answers,
      promised,
      events,
      mock: mocked,
    } = conformance
    say(
      `operations: ${offered} of the ${described} that Stripe has for these resources; ${offered - notPlayed.length} played`,
    )
    const table = plainTable(['what', 'checked', 'valid', 'share'], ['left', 'right', 'right', 'right'])
    const rows = Object.entries({
      requests,
      'requests, by stripe-mock': mocked,
      answers,
      "answers, by the SDK's types": promised,
      events,
    })
    for (const [what, share] of rows) {
      if (!share) continue
      const percent = share.checked === 0 ? 0 : (100 * share.valid) / share.checked
      table.push([what, String(share.checked), String(share.valid), `${percent.toFixed(1)}%`])
    }
    say(table.toString())
    say(`not offered: ${notOffered.join(', ')}`)
    for (const route of notPlayed) say(`not played: ${route}`)
    for (const [what, share] of rows) for (const problem of share?.problems ?? []) say(`${what}: ${problem}`)
    return isWhole(conformance)
  } finally {
    mock.stop()
  }
}

/** A stripe-mock on a free port. */
export async function startMock(say: (line: string) => void): Promise<{ origin: string; stop: () => void }> {
  const { 'stripe-mock': tool } = await provide(['stripe-mock'], say)
  const port = await getPort()
  const child = execa(tool.path, ['-http-addr', `127.0.0.1:${port}`], { reject: false, stdin: 'ignore' })
  const origin = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    const answers = await fetch(origin).then(
      () => true,
      () => false,
    )
    if (answers) break
    if (tries === 100) {
      child.kill()
      throw new Error(`stripe-mock did not answer at ${origin} within 10 s`)
    }
    await sleep(100)
  }
  return { origin, stop: () => void child.kill() }
}
