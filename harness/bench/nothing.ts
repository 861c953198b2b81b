import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import getPort from 'get-port'
import type { Guard } from '../stack/guard.ts'
import { answers, launch, untilReady } from '../stack/part.ts'
import { usageOf } from '../stack/usage.ts'

export type Nothing = { origin: string; requests(): Promise<number> }

/** nginx with one constant answer for everything, and a count of what it answered. */
export async function serveNothing(
  guard: Guard,
  program: string,
  directory: string,
): Promise<Nothing & { stop(): Promise<void> }> {
  const port = await getPort()
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${directory}/${name};`)
    .join('\n')
  const body = 'x'.repeat(1_500)
  await writeFile(
    join(directory, 'nginx.conf'),
    `${user}pid ${directory}/nginx.pid;
daemon off;
worker_processes 1;
events { worker_connections 16384; multi_accept on; }
http {
${temporary}
  access_log off;
  keepalive_requests 10000000;
  keepalive_timeout 300s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /stub { stub_status; }
    # Of the types that Worklane's answers have: others would be wrong ones, and dearer to the generator.
    location ~ ^/(v1|trpc)/ { default_type application/json; return 200 "${body}"; }
    location = /payload { internal; default_type text/x-component; return 200 "${body}"; }
    location / {
      if ($http_rsc) { rewrite ^ /payload last; }
      default_type text/html;
      return 200 "${body}";
    }
  }
}
`,
  )
  const part = launch(guard, {
    name: 'nothing',
    command: program,
    logFile: join(directory, 'nginx.log'),
    stopSignal: 'SIGQUIT',
    args: ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
  })
  const origin = `http://127.0.0.1:${port}`
  await untilReady(part, answers(`${origin}/stub`), 20)
  return {
    origin,
    // "accepts handled requests" and their three counts, ngx_http_stub_status_module.
    async requests() {
      const counts = (await (await fetch(`${origin}/stub`)).text()).split('\n')[2] ?? ''
      return Number(counts.trim().split(' ')[2])
    },
    stop: () => part.stop(),
  }
}

export type Watched = { requestsPerSecond: number; cpuMsPerRequest: number; rssBytes: number }

/** What a process with all its children costs between two moments. */
export async function watch(
  pids: readonly number[],
  nothing: Nothing,
  from: number,
  to: number,
): Promise<Watched> {
  const look = async () => {
    const usage = [...(await usageOf(pids)).values()]
    return {
      at: Date.now(),
      cpu: usage.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      rss: usage.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      requests: await nothing.requests(),
    }
  }
  await until(from)
  const first = await look()
  let rssBytes = first.rss
  let last = first
  while (Date.now() < to) {
    await until(Math.min(to, Date.now() + 1_000))
    const now = await look()
    if (now.rss === 0) break
    last = now
    rssBytes = Math.max(rssBytes, last.rss)
  }
  const requests = last.requests - first.requests
  return {
    requestsPerSecond: requests / ((last.at - first.at) / 1_000),
    cpuMsPerRequest: ((last.cpu - first.cpu) * 1_000) / requests,
    rssBytes,
  }
}

export const until = (moment: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())))
