import type { TaskSummary } from '@worklane/domain/tasks/shapes.ts'
import { type Columns, withoutTask, withTask } from './columns.ts'

/** Why a board is followed no longer: what only its user can change. */
export type Ended = 'signedOut' | 'gone'

/** Who listens. */
export type Listener = {
  onLive(isLive: boolean): void
  onChange(change: (columns: Columns) => Columns): void
  onEnd(ended: Ended): void
}

/** What is asked of the API, and how. */
export type Asks = {
  stream(projectId: string): EventSource
  /** What the stream's address answers now; an EventSource never tells. */
  statusOf(projectId: string): Promise<number>
  /** It fails with the error of a tRPC client. */
  board(projectId: string): Promise<Columns>
}

const endings: Record<number, Ended> = { 401: 'signedOut', 403: 'gone', 404: 'gone' }

/** How long a board waits before it asks again where it was refused for the moment. */
const [shortestPauseMs, longestPauseMs] = [2_000, 30_000]

/** Follows what others do on a board, until it is told to stop or asking again makes no sense. @returns how to stop */
export function followBoard(projectId: string, listener: Listener, asks: Asks = browser): () => void {
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false
  let wasOpen = false
  let failures = 0

  function listen() {
    const stream = asks.stream(projectId)
    source = stream
    stream.addEventListener('open', () => void opened(stream))
    stream.addEventListener('error', () => {
      listener.onLive(false)
      // A browser comes back by itself after a stream that broke, and never after an answer that refused one.
      if (stream.readyState !== stream.CLOSED) return
      void asks
        .statusOf(projectId)
        .catch(() => 0)
        .then((status) => goOn(stream, status))
    })
    stream.addEventListener('task', (event) => {
      const task = toldBy<TaskSummary>(event)
      listener.onChange((board) => withTask(board, task))
    })
    stream.addEventListener('removed', (event) => {
      const { id } = toldBy<{ id: string }>(event)
      listener.onChange((board) => withoutTask(board, id))
    })
  }

  async function opened(stream: EventSource) {
    listener.onLive(true)
    // What happened between the page and the stream, or while it was broken, was told to nobody.
    const late = wasOpen || performance.now() > 5_000
    wasOpen = true
    try {
      const columns = late ? await asks.board(projectId) : null
      failures = 0
      if (columns && !isOver) listener.onChange(() => columns)
    } catch (error) {
      stream.close()
      goOn(stream, (error as { data?: { httpStatus?: number } }).data?.httpStatus ?? 0)
    }
  }

  /** After a refusal: again later, or never. */
  function goOn(refused: EventSource, status: number) {
    // The stream and the board can both be refused: one of them suffices.
    if (isOver || refused !== source) return
    listener.onLive(false)
    const ended = endings[status]
    if (ended) {
      stop()
      listener.onEnd(ended)
      return
    }
    const pause = Math.min(longestPauseMs, shortestPauseMs * 2 ** failures++)
    clearTimeout(timer)
    timer = setTimeout(listen, pause * (0.5 + Math.random()))
  }

  function stop() {
    isOver = true
    clearTimeout(timer)
    source.close()
  }

  listen()
  return stop
}

const toldBy = <T>(event: Event): T => JSON.parse((event as MessageEvent).data)

const addressOf = (projectId: string) => `/v1/projects/${projectId}/events`

const browser: Asks = {
  stream: (projectId) => new EventSource(addressOf(projectId)),
  async statusOf(projectId) {
    return (await fetch(addressOf(projectId), { method: 'HEAD' })).status
  },
  async board(projectId) {
    const { api } = await import('#web/lib/api.ts')
    return (await api.board.get.query({ projectId })).columns
  },
}
