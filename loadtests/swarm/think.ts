/** Most pauses are short and some are very long, as people's are. */
const sigma = 0.8

/** The mean of a lognormal is exp(μ + σ²/2). */
const muFor = (mean: number) => Math.log(mean) - sigma ** 2 / 2

/** Box and Muller, from two uniform numbers. */
const normal = (u1: number, u2: number) => Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2)

/** A think time in ms from two uniform numbers: lognormal with the given mean. */
export const thinkTime = (mean: number, u1: number, u2: number): number =>
  mean <= 0 ? 0 : Math.exp(muFor(mean) + sigma * normal(u1, u2))

/**
 * How long a user who is already thinking still thinks. Without it all users who arrive in the ramp would act
 * at once and then fall silent together. The pause that an observer falls into is longer than average
 * (lognormal with μ + σ²), and the observer falls anywhere into it.
 * Source: inspection paradox, e.g. Harchol-Balter, "Performance Modeling and Design of Computer Systems", ch. 23.
 */
export const residualThinkTime = (mean: number, u1: number, u2: number, u3: number): number =>
  mean <= 0 ? 0 : u3 * Math.exp(muFor(mean) + sigma ** 2 + sigma * normal(u1, u2))
