// Whether the process of this container can do its work: its own /readyz, or what the first argument names.
const path = process.argv[2] ?? '/readyz'
const url = `http://127.0.0.1:${process.env.PORT}${path}`
const isReady = await fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false,
)
process.exit(isReady ? 0 : 1)
