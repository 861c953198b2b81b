import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Guard } from './guard.ts'
import { answers, launch, type Part, untilReady } from './part.ts'

/**
 * Starts a Prometheus that k6 writes to (remote write, native histograms) and that scrapes Worklane.
 * @param targets name of the job → ports on loopback that answer /metrics
 */
export async function startPrometheus(
  guard: Guard,
  options: {
    program: string
    version: string
    port: number
    directory: string
    logFile: string
    targets: Record<string, number[]>
  },
): Promise<{ part: Part; url: string }> {
  await mkdir(options.directory, { recursive: true })
  const configuration = join(options.directory, 'prometheus.json')
  await writeFile(
    configuration,
    // JSON is YAML.
    JSON.stringify({
      global: { scrape_interval: '2s' },
      scrape_configs: Object.entries(options.targets).map(([job, ports]) => ({
        job_name: job,
        static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`) }],
      })),
    }),
  )
  const part = launch(guard, {
    name: 'prometheus',
    command: options.program,
    args: [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(options.directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${options.port}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms',
      '--log.level=warn',
    ],
    logFile: options.logFile,
  })
  const url = `http://127.0.0.1:${options.port}`
  await untilReady(part, answers(`${url}/-/ready`), 30)
  return { part, url }
}
