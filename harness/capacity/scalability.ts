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
  const peak = law.beta > 1e-12 ? Math.sqrt((1 - law.alpha) / law.beta) : Number.POSITIVE_INFINITY
  return { ...law, peakUsers: peak <= most ? Math.round(peak) : null, band }
}

function fit(points: readonly Point[]): Law {
  // In units of the largest, so that all three parameters are of a size that the search can step in.
  const scale = Math.max(...points.map(({ users }) => users))
  const gamma = Math.max(...points.map(({ users, stepsPerSecond }) => stepsPerSecond / users))
  const data = { x: points.map(({ users }) => users / scale), y: points.map((point) => point.stepsPerSecond) }
  const { parameterValues } = levenbergMarquardt(
    data,
    ([g = 0, a = 0, b = 0]) =>
      (x: number) =>
        (g * x) / (1 + a * x + b * x * x),
    {
      initialValues: [gamma * scale, 0.1, 0.1],
      minValues: [0, 0, 0],
      maxValues: [gamma * scale * 10, 100, 100],
      damping: 0.1,
      maxIterations: 200,
      gradientDifference: 1e-4,
    },
  )
  const [g = 0, a = 0, b = 0] = parameterValues
  return { gamma: g / scale, alpha: a / scale, beta: b / scale ** 2 }
}
