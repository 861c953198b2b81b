/**
 * Megabytes that V8 may use for what is new and for what stays, as one gives them to a container. Without them it
 * goes by the machine's memory, collects rarely, and an idle worker swings by 100 MB: no soak could tell that from
 * a leak (docs/decisions/021).
 */
export const heaps = {
  api: { young: 16, old: 512 },
  worker: { young: 4, old: 128 },
  web: { young: 64, old: 1_024 },
}
