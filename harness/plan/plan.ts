import { journeyWorkload, vusFor, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { amount, span } from '../result/words.ts'
import { type JourneyFile, readJourney } from './journey/journey-file.ts'
import { oneOf } from './options.ts'
import { type Plan, populationOf, type ScenarioName, scenarioNames } from './scenarios.ts'
import { UsageError } from './usage.ts'

/** What the command line may change of what is played. */
export type PlanOptions = {
  users?: number
  think?: number
  ramp?: number
  duration?: number
  organisations?: number
  population?: number
  seed: number
  shards: number
  connections?: number
  target?: string
}

/** What is played: a scenario of Worklane by its name, or the journey in a file. @throws UsageError */
export const planOf = async (scenario: string, options: PlanOptions): Promise<Plan> =>
  /\.[cm]?[jt]s$/.test(scenario)
    ? planOfJourney(await readJourney(scenario), options)
    : planOfScenario(oneOf('scenario', scenario, scenarioNames), options)

export const planInWords = ({ users, think, ramp, duration, population, shards, journey }: Plan) =>
  `${amount(users)} users${journey ? '' : ` of a population of ${amount(population.users)}`}, think ${think / 1000} s, ramp ${span(ramp)}, judged ${span(duration)}${shards > 1 ? `, ${shards} shards` : ''}`

function planOfScenario(scenario: ScenarioName, options: PlanOptions): Plan {
  const { shape, ...defaults } = workloads[scenario]
  const usual = populationOf(scenario)
  return checked({
    scenario,
    shape,
    shards: options.shards,
    ...connectionsIn(options),
    users: options.users ?? defaults.users,
    think: options.think ?? defaults.think,
    ramp: options.ramp ?? defaults.ramp,
    duration: options.duration ?? defaults.duration,
    seed: options.seed,
    population: {
      seed: options.seed,
      organisations: options.organisations ?? usual.organisations,
      users: options.population ?? usual.users,
    },
  })
}

const connectionsIn = ({ connections }: PlanOptions): Pick<Plan, 'connections'> =>
  connections === undefined ? {} : { connections }

/** @throws UsageError where parts of a plan do not go together */
function checked(plan: Plan): Plan {
  if (plan.users > plan.population.users) {
    throw new UsageError(
      `--users ${plan.users} is more than the population of ${plan.population.users} has`,
      `give a larger population with --population ${plan.users}`,
    )
  }
  if (plan.users < plan.shards)
    throw new UsageError(`--shards ${plan.shards} is more than there are users`, 'give at most one a user')
  if (plan.connections !== undefined && plan.connections < vusFor(plan.users, plan.shards))
    throw new UsageError(
      `--connections ${plan.connections} is fewer than one a VU`,
      `give at least ${vusFor(plan.users, plan.shards)}`,
    )
  if (plan.population.users < 3 * plan.population.organisations) {
    throw new UsageError(
      `--population ${plan.population.users} is too few for ${plan.population.organisations} organisations`,
      'each has at least 3 users; lower --organisations',
    )
  }
  if (plan.duration < 5_000)
    throw new UsageError('--duration is too short to judge anything', 'give at least 5s')
  return plan
}

/** What a journey's file says, its parts changed as one likes. */
function planOfJourney(journey: JourneyFile, options: PlanOptions): Plan {
  if (options.target === undefined)
    throw new UsageError(
      `${journey.name} needs a target, since nothing of it can be started here`,
      'give --target with its origin',
    )
  for (const name of ['organisations', 'population'] as const) {
    if (options[name] !== undefined)
      throw new UsageError(`--${name} says nothing of ${journey.name}`, 'leave it out; --users says how many')
  }
  const { shape, ...defaults } = { ...journeyWorkload, ...journey.workload }
  const users = options.users ?? defaults.users
  return checked({
    scenario: 'journey',
    journey,
    shape,
    shards: options.shards,
    users,
    seed: options.seed,
    ...connectionsIn(options),
    think: options.think ?? defaults.think,
    ramp: options.ramp ?? defaults.ramp,
    duration: options.duration ?? defaults.duration,
    population: { seed: options.seed, organisations: 1, users: Math.max(users, 3) },
  })
}
