import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import { harmlessReason, hidden } from '@worklane/data/harmless-reason.ts'
import { queueNames } from '@worklane/data/queues.ts'
import { type Job, Queue } from 'bullmq'
import { Hono } from 'hono'
import type { Redis } from 'ioredis'

export type QueueBoard = { fetch(request: Request): Promise<Response>; close(): Promise<void> }

/**
 * bull-board over all queues of the workers, to read: what jobs hold is not shown, and nothing can be done to them here.
 * @param path where it is mounted
 * @param redis a connection of its own; it ends with the board
 */
export function openQueueBoard(path: string, redis: Redis): QueueBoard {
  const queues = queueNames.map((name) => new Queue(name, { connection: redis }))
  for (const queue of queues) queue.on('error', () => {})
  const adapter = new HonoAdapter(serveStatic).setBasePath(path)
  createBullBoard({
    queues: queues.map((queue) => new ReadOnlyQueue(queue)),
    serverAdapter: adapter,
    options,
  })
  const app = new Hono({ strict: false }).route(path, adapter.registerPlugin())
  return {
    async fetch(request) {
      const response = await app.fetch(request)
      return isPage(response) ? withoutInlineStyles(response) : response
    },
    async close() {
      await Promise.allSettled(queues.map((queue) => queue.close()))
      redis.disconnect()
    },
  }
}

const options = {
  uiConfig: {
    boardTitle: 'Queues',
    miscLinks: [
      { text: 'Dead letters', url: '/operators/dead-letters' },
      { text: 'Operators’ pages', url: '/operators' },
    ],
  },
}

/** A queue as operators see it. Mails have links in them that sign somebody in, and so has whatever quotes one. */
class ReadOnlyQueue extends BullMQAdapter {
  constructor(queue: Queue) {
    super(queue, { readOnlyMode: true })
    this.setFormatter('data', shownOf)
    this.setFormatter('returnValue', (value) => (value === null || value === undefined ? value : hidden))
    this.setFormatter('progress', (value) => (typeof value === 'number' ? value : hidden))
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id)
    return job && withoutQuotes(job)
  }

  override async getJobs(...asked: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...asked)).map(withoutQuotes)
  }

  override async getJobLogs(): Promise<string[]> {
    return []
  }
}

/** Of a row of the outbox: whose it is and what for. */
const open = new Set(['id', 'orgId', 'topic', 'seenAt'])
function shownOf(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return hidden
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, open.has(name) ? value : hidden]),
  )
}

function withoutQuotes(job: Job): Job {
  if (job.failedReason) job.failedReason = harmlessReason(job.failedReason)
  job.stacktrace = []
  return job
}

const isPage = (response: Response) => response.headers.get('content-type')?.startsWith('text/html') ?? false

/**
 * Leans on the page of bull-board 9.10: fonts of another site, and styles of what is shown while it loads. The policy
 * refuses both; without them it has nothing to say. A test notices when there are others.
 */
async function withoutInlineStyles(response: Response): Promise<Response> {
  const page = (await response.text())
    .replaceAll(/<link href="https:\/\/fonts[^>]*>/g, '')
    .replaceAll(/<style>[\s\S]*?<\/style>/g, '')
    .replaceAll(/(<(?:div|span))\s+style="[^"]*"/g, '$1')
  return new Response(page, {
    status: response.status,
    headers: { 'Content-Type': 'text/html; charset=UTF-8' },
  })
}
