import { GCProfiler, getHeapStatistics } from 'node:v8'

/** How often what the collector did is added up when nobody asks: its records must not pile up. */
const foldEveryMs = 10_000

let profiler: GCProfiler | undefined
let total = 0
let left = 0

/**
 * Bytes that this process has allocated on its heap since it was first asked: what was there before each collection
 * beyond what the last one had left. The same work allocates the same, whatever else the machine does.
 */
export function allocatedBytes(): number {
  if (!profiler) {
    left = getHeapStatistics().used_heap_size
    setInterval(allocatedBytes, foldEveryMs).unref()
  }
  const { statistics } = profiler?.stop() ?? { statistics: [] }
  for (const { beforeGC, afterGC } of statistics) {
    total += Math.max(0, beforeGC.heapStatistics.usedHeapSize - left)
    left = afterGC.heapStatistics.usedHeapSize
  }
  const now = getHeapStatistics().used_heap_size
  total += Math.max(0, now - left)
  left = now
  profiler = new GCProfiler()
  profiler.start()
  return total
}
