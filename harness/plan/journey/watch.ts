import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'
import type { Evaluated, Watched } from './evaluate.ts'

/** A thread beside the one that runs a journey: once that takes too long it says where it is, and ends the process. */
const { patience, scriptUrl, descriptor } = workerData as Watched

/** What never comes back to JavaScript cannot be asked where it is. Milliseconds. */
const answeredWithin = 2_000

type Location = { lineNumber: number; columnNumber?: number | undefined }

function end({ lineNumber: line, columnNumber: column = 0 }: Location): void {
  const what = `still busy after ${patience / 1000} s`
  writeSync(descriptor, JSON.stringify({ is: 'endless', what, line, column } satisfies Evaluated))
  process.kill(process.pid, 'SIGKILL')
}

setTimeout(() => {
  const session = new Session()
  session.connectToMainThread()
  let journey: string | undefined
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
    if (url === scriptUrl) journey = scriptId
  })
  session.on('Debugger.paused', ({ params: { callFrames } }) => {
    const frame = callFrames.find(({ location }) => location.scriptId === journey)
    end(frame?.location ?? { lineNumber: 0 })
  })
  session.post('Debugger.enable', () => session.post('Debugger.pause'))
  setTimeout(() => end({ lineNumber: 0 }), answeredWithin)
}, patience)
