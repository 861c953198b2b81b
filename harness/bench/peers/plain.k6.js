// One VU a user, one request a think time: what k6 does by itself.

import { sleep } from 'k6'
import http from 'k6/http'

const users = Number(__ENV.USERS)
const think = Number(__ENV.THINK_SECONDS)

export const options = {
  scenarios: {
    users: {
      executor: 'constant-vus',
      vus: users,
      duration: `${__ENV.SECONDS}s`,
      gracefulStop: '1s',
      exec: 'ask',
    },
  },
  discardResponseBodies: true,
}

export function ask() {
  if (__ITER === 0) sleep(Math.random() * think)
  http.get(`${__ENV.TARGET}/user/${__VU}`, { tags: { name: 'user' } })
  sleep(think * 2 * Math.random())
}
