import type { App, Player } from '../swarm/app.ts'
import type { Run } from '../swarm/options.ts'

/** An answer that holds something of all that later steps may need. */
const id = '00000000-0000-4000-8000-000000000000'
const fullAnswer = (canary: string) =>
  `{"id":"${id}","taskId":"${id}","state":"ready","size":64,"name":"${canary}"} "form":{"url":"http://store.test/a","fields":{}} /_next/static/chunks/a.js`

/** The routes that an app's steps ask, tried out one after the other without a target. */
export function routesPlayed<User extends Player>(app: App<User>, run: Run): Set<string> {
  const user = app.userAt(run, 0, () => '')
  const answer = fullAnswer(app.marks?.own(user) ?? '')
  const requests = Object.values(app.steps).flatMap((step) => {
    const asked = step(user, run)
    // An answer may lead to more.
    for (const { keep } of asked) keep?.(answer)
    return asked
  })
  const live = app.live ? [app.live.request(user)] : []
  return new Set([...requests, ...live].map(({ route }) => route))
}
