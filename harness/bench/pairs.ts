/** Two ways to do the same, measured in turn, so that a noisy moment meets both. */
export type Pairs = {
  /** Of each pair: the first's figure over the second's. */
  ratios: number[]
  first: number[]
  second: number[]
}

/**
 * Measures both so many times, the order turning from pair to pair.
 * @param measure gives a figure, such as seconds of CPU a request
 */
export async function inPairs(
  pairs: number,
  [first, second]: [() => Promise<number>, () => Promise<number>],
): Promise<Pairs> {
  const found: Pairs = { ratios: [], first: [], second: [] }
  for (let pair = 0; pair < pairs; pair++) {
    const [early, late] = pair % 2 === 0 ? [first, second] : [second, first]
    const [a, b] = [await early(), await late()]
    const [one, other] = pair % 2 === 0 ? [a, b] : [b, a]
    found.first.push(one)
    found.second.push(other)
    found.ratios.push(one / other)
  }
  return found
}
