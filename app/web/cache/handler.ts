import { remoteCache } from './remote.ts'

// biome-ignore lint/style/noDefaultExport: Next reads the default export
export default remoteCache(process.env.REDIS_URL)
