/** Renard's series R20: each an eighth more than the one before. Source: ISO 3. */
const series = [
  ...[1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8],
  ...[3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9],
]

/** How many numbers on is twice as many. */
export const octave = 6

/** The preferred numbers of users up to the most that there are, and that. */
export function preferredUpTo(most: number): number[] {
  const found = new Set<number>()
  for (let decade = 1; decade <= most; decade *= 10)
    for (const each of series) if (each * decade < most) found.add(Math.round(each * decade))
  return [...found.add(most)]
}

/** Where the number is that is nearest to one, by ratio. */
export function nearest(numbers: readonly number[], to: number): number {
  const distance = (number: number) => Math.abs(Math.log(number / to))
  return numbers.reduce(
    (best, number, place) => (distance(number) < distance(numbers[best] as number) ? place : best),
    0,
  )
}
