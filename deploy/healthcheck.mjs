// Whether the process of this container can do its work: its own /readyz, or what the first argument names.
const path = process.argv[2] ?? '/readyz'
const { HOST, PORT } = process.env
const host = HOST && HOST !== '0.0.0.0' ? HOST : '127.0.0.1'
const isReady = await fetch(`http://${host}:${PORT}${path}`, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false,
)
process.exit(isReady ? 0 : 1)
