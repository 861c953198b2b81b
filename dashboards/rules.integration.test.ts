import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { provide } from '../harness/toolchain/provide.ts'
import { prometheusRules, type RuleFile } from './rules.ts'

/**
 * A stretch of time: requests a minute, the share answered with 500, the share that takes longer than the limit, and
 * the shares of pages that break after they have told 200, or before and tell 500.
 */
type Stretch = {
  minutes: number
  requests: number
  failing?: number
  slow?: number
  brokenLate?: number
  brokenEarly?: number
}
type Alert = { slo: string; severity: string; burn: string }

const route = 'GET /v1/me'
const limit = '0.3'

/** promtool's notation: a beginning, and so much more each step of so many minutes. */
function series(stretches: Stretch[], step: number, share: (stretch: Stretch) => number): string {
  let total = 0
  const parts = stretches.map((stretch) => {
    const [steps, more] = [stretch.minutes / step, stretch.requests * step * share(stretch)]
    const part = `${total}+${more}x${steps - 1}`
    total += more * steps
    return part
  })
  return parts.join(' ')
}

const hours = 60
const days = 24 * hours

const availability = (burn: string, severity: string): Alert => ({ slo: 'availability', severity, burn })
const latency = (burn: string, severity: string): Alert => ({ slo: 'latency', severity, burn })
/** What a bad hour means for windows of days, where history is short. */
const tickets = (of: typeof latency) => [of('3x', 'ticket'), of('1x', 'ticket')]

describe('the rules for Prometheus, by promtool', () => {
  let directory: string
  let promtool: string

  beforeAll(async () => {
    promtool = (await provide(['promtool'])).promtool.path
    directory = await mkdtemp(join(tmpdir(), 'headroom-rules-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** What promtool says of rules, given how it went and which alerts there should be at a time. */
  async function ask(
    stretches: Stretch[],
    at: string,
    alerts: Alert[],
    rules: RuleFile = bare(alerts[0]?.slo),
  ): Promise<string> {
    // Days by the minute would take promtool minutes; what the short windows would say is not asked for then.
    const step = stretches.length === 1 && (stretches[0]?.minutes ?? 0) >= days ? 20 : 2
    const count = 'http_request_duration_seconds_count'
    const bucket = 'http_request_duration_seconds_bucket'
    const good = ({ failing = 0 }: Stretch) => 1 - failing
    const input = [
      [`${count}{route="${route}", status="200"}`, good],
      [`${count}{route="${route}", status="500"}`, ({ failing = 0 }: Stretch) => failing],
      [
        `${bucket}{route="${route}", status="200", le="${limit}"}`,
        (of: Stretch) => good(of) - (of.slow ?? 0),
      ],
      [
        `page_failures_total{route="/dashboard", kind="error"}`,
        ({ brokenLate = 0, brokenEarly = 0 }: Stretch) => brokenLate + brokenEarly,
      ],
      [`${count}{route="page /dashboard", status="500"}`, ({ brokenEarly = 0 }: Stretch) => brokenEarly],
      // In no budget, so of no limit: probes of the edge.
      [`${count}{route="GET /readyz", status="200"}`, () => 0.2],
      // Held open for a minute each: no slow answers.
      [`${count}{route="GET /v1/projects/:projectId/events", status="200"}`, () => 0.01],
    ] as const
    return promtoolSays(rules, {
      rule_files: ['rules.yaml'],
      evaluation_interval: `${step}m`,
      tests: [
        {
          interval: `${step}m`,
          input_series: input.map(([name, share]) => ({
            series: name,
            values: series(stretches, step, share),
          })),
          alert_rule_test: [
            { eval_time: at, alertname: 'ErrorBudgetBurn', exp_alerts: alerts.map(expected(rules)) },
          ],
        },
      ],
    })
  }

  async function promtoolSays(rules: RuleFile, test: object): Promise<string> {
    await writeFile(join(directory, 'rules.yaml'), stringify(rules))
    await writeFile(join(directory, 'test.yaml'), stringify(test))
    const { stdout, stderr, exitCode } = await execa(promtool, ['test', 'rules', 'test.yaml'], {
      cwd: directory,
      // A quarter of its CPU went into collecting garbage.
      env: { GOGC: '800' },
      reject: false,
    })
    return exitCode === 0 ? 'as expected' : stdout + stderr
  }

  /** Annotations hold the figure of that moment: promtool is told to expect the labels alone. */
  const expected = (rules: RuleFile) => (alert: Alert) => {
    const rule = rules.groups
      .flatMap(({ rules }) => rules)
      .find(({ labels }) => labels?.slo === alert.slo && labels.burn === alert.burn)
    return { exp_labels: { ...alert, window: rule?.labels?.window } }
  }

  /**
   * Labels alone are compared, the pace is promtool's, and a budget of 30 days alerts nobody. All in one group: promtool
   * takes several in any order, and an alert that came before its record would see that of the step before.
   * @param slo the only promise whose rules are asked: those for latency take promtool most of its time
   */
  const bare = (slo?: string): RuleFile => {
    const groups = prometheusRules().groups.filter(({ name }) => !name.endsWith('budget'))
    const rules = groups
      .flatMap((group) => group.rules)
      .filter(({ labels }) => slo === undefined || labels?.slo === slo)
    return { groups: [{ name: 'all', rules: rules.map(({ annotations: _, ...rule }) => rule) }] }
  }

  const calm: Stretch = { minutes: 6 * hours, requests: 6_000 }

  it.each<[string, Stretch[], string, Alert[]]>([
    ['nothing while all is well', [calm], '5h', []],
    ['nothing where nobody asks', [{ minutes: 300, requests: 0 }], '4h', []],
    [
      'somebody at once when 3 of 100 are pages that broke behind a good status',
      [calm, { minutes: 90, requests: 6_000, brokenLate: 0.03 }],
      '7h',
      [availability('14.4x', 'page'), ...tickets(availability)],
    ],
    [
      // Counted twice, they would wake somebody.
      'by a ticket alone when 1 of 100 are pages that said so',
      [calm, { minutes: 90, requests: 6_000, brokenEarly: 0.01 }],
      '7h',
      [availability('1x', 'ticket')],
    ],
    [
      'nobody any more, but by a ticket, soon after it is over',
      [calm, { minutes: 60, requests: 6_000, failing: 0.03 }, { minutes: 60, requests: 6_000 }],
      '7h8m',
      tickets(availability),
    ],
    [
      'nobody of two bad minutes at a twentieth',
      [calm, { minutes: 2, requests: 6_000, failing: 0.05 }, { minutes: 60, requests: 6_000 }],
      '6h4m',
      [],
    ],
    [
      'by a ticket alone when 1.5 of 1,000 fail for days',
      [{ minutes: 4 * days, requests: 6_000, failing: 0.0015 }],
      '95h',
      [availability('1x', 'ticket')],
    ],
    [
      'by a ticket alone when 8 of 100 are late for days',
      [{ minutes: 4 * days, requests: 6_000, slow: 0.08 }],
      '95h',
      [latency('1x', 'ticket')],
    ],
  ])(
    'tell %s',
    async (_, stretches, at, alerts) => {
      expect(await ask(stretches, at, alerts)).toBe('as expected')
    },
    60_000,
  )

  it.each<[string, string, Partial<Stretch>, Alert[]]>([
    ['fail', '7h', { failing: 0.03 }, [availability('14.4x', 'page'), ...tickets(availability)]],
    ['are late', '7h30m', { slow: 0.9 }, [latency('14.4x', 'page'), ...tickets(latency)]],
  ])(
    'keep the promises apart when requests %s',
    async (_, at, share, alerts) => {
      const stretches = [calm, { minutes: 120, requests: 6_000, ...share }]
      expect(await ask(stretches, at, alerts, bare())).toBe('as expected')
    },
    60_000,
  )

  it('would be caught with a budget ten times too wide', async () => {
    const wide = JSON.parse(
      JSON.stringify(bare('availability')).replaceAll('> 0.0144', '> 0.144'),
    ) as RuleFile
    const told = await ask(
      [calm, { minutes: 90, requests: 6_000, failing: 0.03 }],
      '7h',
      [availability('14.4x', 'page'), ...tickets(availability)],
      wide,
    )
    expect(told).toContain('FAILED')
  }, 60_000)

  const webhooks = {
    names: ['WebhooksLate', 'WebhookWaiting'],
    delay: 'webhook_effect_seconds_bucket',
    oldest: 'webhook_oldest_waiting_seconds',
  }
  const writes = {
    names: ['EffectsLate', 'EffectWaiting'],
    delay: 'effect_delay_seconds_bucket',
    oldest: 'job_oldest_seconds{queue="mail"}',
  }
  it.each([
    ['nobody while they have their effect in a second', 1, 2, webhooks, []],
    ['by a ticket when they take ten', 10, 2, webhooks, ['WebhooksLate']],
    ['somebody at once when the oldest waits for minutes', 1, 200, webhooks, ['WebhookWaiting']],
    ['nobody while they have their effect in a second', 1, 2, writes, []],
    ['by a ticket when they take ten', 10, 2, writes, ['EffectsLate']],
    ['somebody at once when the oldest waits for minutes', 1, 200, writes, ['EffectWaiting']],
  ])('tell %s (%d s, oldest %d s), of %o', async (_, seconds, waits, { names, delay, oldest }, alerts) => {
    const bucket = (le: string) => ({
      series: `${delay}{le="${le}"}`,
      values: `0+${Number(le) < seconds ? 0 : 60}x29`,
    })
    const rules = prometheusRules()
      .groups.flatMap((group) => group.rules)
      .filter(({ alert }) => alert !== undefined && names.includes(alert))
      .map(({ annotations: _, ...rule }) => rule)
    const of = (alert: string) => ({ exp_labels: rules.find((rule) => rule.alert === alert)?.labels })
    const told = await promtoolSays(
      { groups: [{ name: 'webhooks', rules }] },
      {
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: [
              ...['1', '5', '10', 'Inf'].map((le) => bucket(le === 'Inf' ? 'Infinity' : le)),
              { series: oldest, values: `${waits}x29` },
            ].map(({ series, values }) => ({ series: series.replace('Infinity', '+Inf'), values })),
            alert_rule_test: names.map((alertname) => ({
              eval_time: '25m',
              alertname,
              exp_alerts: (alerts as string[]).includes(alertname) ? [of(alertname)] : [],
            })),
          },
        ],
      },
    )
    expect(told).toBe('as expected')
  })

  it('say in words what happens', () => {
    const texts = prometheusRules()
      .groups.flatMap(({ rules }) => rules)
      .filter(({ alert }) => alert)
      .map(({ annotations }) => annotations?.summary)
    expect(texts).toContain(
      'Too many requests are answered with an error of ours: the budget for availability goes 14.4 times too fast',
    )
    expect(new Set(texts).size).toBe(texts.length)
  })
})
