/** A k6 process: VUs that it plays, cores that it may use, and memory that it should stay below. */
type Process = { vus: number; cores: number; memoryMiB: number }

/** The environment of k6 that makes the most of its part of a machine. */
export const goRuntime = ({ vus, cores, memoryMiB }: Process) => ({
  // Fewer collections for more memory: k6's heap is small, and its time is what counts.
  GOGC: '300',
  // When a target hangs everybody waits, and waiting takes memory: then collect more often instead.
  GOMEMLIMIT: `${Math.floor(memoryMiB)}MiB`,
  // A VU runs on one thread; more threads than VUs only wake each other up (measured: 1.0 → 0.6 ms a request
  // at 40 requests/s, 0.55 → 0.33 ms at 650/s).
  GOMAXPROCS: String(Math.min(cores, vus)),
})
