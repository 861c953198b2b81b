import { levenbergMarquardt } from 'ml-levenberg-marquardt'
import { quantile } from 'simple-statistics'

export type Point = { users: number; stepsPerSecond: number }

/** Steps a second of one user alone, what waiting in line costs, and what agreeing with each other costs. */
export type Law = { gamma: number; alpha: number; beta: number }

export type Fit = Law & {
  /** Where more users would mean less work; null when the fit has no such place. */
  peakUsers: number | null
  /** Steps a second by users, up to twice the most that were measured: the fit, and where 90 of 100 refits lie. */
  band: { users: number; low: number; fit: number; high: number }[]
}

/** Source: Gunther, "Guerrilla Capacity Planning", Springer 2007, ch. 4. */
export const throughput = ({ gamma, alpha, beta }: Law, users: number): number =>
  (gamma * users) / (1 + alpha * (users - 1) + beta * users * (users - 1))

const fewestPoints = 6
const refits = 200

/**
 * The universal scalability law through measured points.
 * @param random uniform numbers, for the band
 * @returns null for fewer than six points
 */
export function fitLaw(points: readonly Point[], random: () => number = Math.random): Fit | null {
  if (new Set(points.map(({ users }) => users)).size < fewestPoints) return null
  const law = fit(points)
  const residuals = points.map(({ users, stepsPerSecond }) => stepsPerSecond / throughput(law, users))
  const laws = Array.from({ length: refits }, () =>
    fit(
      points.map(({ users }) => ({
        users,
        stepsPerSecond:
          throughput(law, users) * (residuals[Math.floor(random() * residuals.length)] as number),
      })),
    ),
  )
  const most = 2 * Math.max(...points.map(({ users }) => users))
  const band = Array.from({ length: 10 }, (_, step) => {
    const users = Math.round((most * (step + 1)) / 10)
    const all = laws.map((each) => throughput(each, users))
    return { users, low: quantile(all, 0.05), fit: throughput(law, users), high: quantile(all, 0.95) }
  })
  const peak = Math.max(1, Math.sqrt((1 - law.alpha) / law.beta))
  return { ...law, peakUsers: peak <= most ? Math.round(peak) : null, band }
}

/**
 * The law with the least sum of squared differences, with α between 0 and 1 and β not below 0.
 *
 * It is searched for as users / (parallel + serial·users + crosstalk·users·(users − 1)). That is the same law, of
 * γ = 1 / (parallel + serial), α = serial / (parallel + serial), β = crosstalk / (parallel + serial), but there γ and α
 * do not go up together without end where the points say little of few users.
 */
function fit(points: readonly Point[]): Law {
  // In units of the largest, so that all three parameters are of a size that the search can step in.
  const most = Math.max(...points.map(({ users }) => users))
  const unit = Math.max(...points.map(({ stepsPerSecond }) => stepsPerSecond))
  const data = {
    x: points.map(({ users }) => users / most),
    y: points.map(({ stepsPerSecond }) => stepsPerSecond / unit),
  }
  const [parallel = 0, serial = 0, crosstalk = 0] = leastSquares(data, 1 / most)
  const alone = parallel + serial / most
  return {
    gamma: unit / most / alone,
    alpha: serial / most / alone,
    beta: crosstalk / most ** 2 / alone,
  }
}

type Data = { x: number[]; y: number[] }

/** Which of parallel, serial and crosstalk are searched for while the others stay at their least: the best law may. */
const searches = [
  [true, true, true],
  [true, true, false],
  [true, false, true],
  [true, false, false],
  [false, true, true],
  [false, true, false],
] as const

/** Not quite 0 for parallel, so that γ stays finite. */
const least = [1e-12, 0, 0]

const leastSquares = (data: Data, oneUser: number): readonly number[] =>
  searches
    .map((free) => search(data, oneUser, free))
    .reduce((best, each) => (each.parameterError < best.parameterError ? each : best)).parameterValues

function search(data: Data, oneUser: number, free: readonly boolean[]) {
  const cost = ([parallel = 0, serial = 0, crosstalk = 0]: readonly number[], x: number) =>
    parallel + serial * x + crosstalk * x * (x - oneUser)
  const start = [Math.min(...data.x.map((x, place) => x / (data.y[place] as number))), 0.1, 0.1]
  return levenbergMarquardt(data, (parameters) => (x) => x / cost(parameters, x), {
    jacobianFunction: (parameters) => (x) => {
      const slope = -x / cost(parameters, x) ** 2
      return [slope, slope * x, slope * x * (x - oneUser)].map((each, place) => (free[place] ? each : 0))
    },
    initialValues: start.map((value, place) => (free[place] ? value : (least[place] as number))),
    minValues: least,
    damping: 0.001,
    maxIterations: 20,
    errorTolerance: 0,
  })
}
