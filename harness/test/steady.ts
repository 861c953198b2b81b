import { setTimeout as sleep } from 'node:timers/promises'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { disturbancesOf } from '../judge/machine.ts'
import { MachineWatch, watched } from '../stack/machine-load.ts'

export type SteadyOptions<T> = {
  measure: () => Promise<T>
  /** What must be so on a machine that nobody else uses; throws where it is not. */
  expectations: (measured: T) => void | Promise<void>
  /**
   * What must be so even while others use it: that the result says so, and calls nothing good that is not; throws
   * where it is not.
   */
  honest: (measured: T) => void | Promise<void>
  /** How long to wait for a quiet machine before measuring again. Milliseconds. */
  patience?: number
  /** What others used while something was done, in words; empty of a quiet machine. */
  disturbances?: <V>(act: () => Promise<V>) => Promise<{ value: V; disturbances: string[] }>
  isQuiet?: (patience: number) => Promise<boolean>
  say?: (line: string) => void
}

/**
 * Of a test whose times count. What is not as expected is measured again when others disturbed it, once they are quiet;
 * while they are not, what is honest counts instead. On a quiet machine nothing is forgiven.
 */
export async function steady<T>(options: SteadyOptions<T>): Promise<void> {
  const { measure, expectations, honest, patience = 20_000 } = options
  const { disturbances = disturbancesDuring, isQuiet = untilQuiet, say = console.warn } = options
  for (let again = 0; ; again++) {
    const measured = await disturbances(measure)
    const [why] = measured.disturbances
    const broken = await Promise.resolve(measured.value)
      .then(expectations)
      .then(
        () => null,
        (error: unknown) => ({ error }),
      )
    if (broken === null) return
    if (why === undefined) throw broken.error
    await honest(measured.value)
    if (again === validity.replays || !(await isQuiet(patience))) {
      say(`not as on a quiet machine, and honest about it: ${why}`)
      return
    }
    say(`${why}: measured again`)
  }
}

async function disturbancesDuring<V>(act: () => Promise<V>): Promise<{ value: V; disturbances: string[] }> {
  const { value, machine } = await watched(act)
  return { value, disturbances: disturbancesOf(machine.load) }
}

const quietFor = 5_000

/** Waits until others leave the machine alone. @returns whether they did in time */
export async function untilQuiet(patience: number): Promise<boolean> {
  const watch = new MachineWatch().start()
  const began = Date.now()
  try {
    do {
      await sleep(quietFor)
      const now = Date.now()
      const { load } = watch.between(now - quietFor, now)
      if (load && disturbancesOf(load).length === 0) return true
    } while (Date.now() - began < patience)
    return false
  } finally {
    await watch.stop()
  }
}
