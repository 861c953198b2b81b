import { draw, type Player } from '../swarm/app.ts'

/** After each step, what may follow, as often as its weight says. '' is where everybody begins. */
export type Chain = Readonly<Record<string, Readonly<Record<string, number>>>>

type Row = { steps: string[]; upTo: number[] }
export type CompiledChain = Record<string, Row>

/** The same with sums made once, since it is asked for with each step of each user. */
export function compile(chain: Chain): CompiledChain {
  const compiled: CompiledChain = {}
  for (const [step, following] of Object.entries(chain)) {
    const row: Row = { steps: [], upTo: [] }
    const total = Object.values(following).reduce((sum, weight) => sum + weight, 0)
    let sum = 0
    for (const [next, weight] of Object.entries(following)) {
      sum += weight
      row.steps.push(next)
      row.upTo.push(sum / total)
    }
    compiled[step] = row
  }
  return compiled
}

/** @throws Error when nothing follows what the user did last */
export function stepAfter(chain: CompiledChain, user: Player): string {
  const row = chain[user.step]
  if (!row) throw new Error(`no step follows "${user.step}"`)
  const at = draw(user)
  let place = 0
  while (at >= (row.upTo[place] as number) && place < row.steps.length - 1) place++
  return row.steps[place] as string
}
