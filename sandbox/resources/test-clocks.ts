import type { Seconds } from '../core/objects/base.ts'
import type { TestClock } from '../core/objects/customers.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, StripeError } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { day } from './calendar.ts'

export const testClockOperations = [
  operation<{ frozen_time: Seconds; name?: string }>(
    'POST /v1/test_helpers/test_clocks',
    ['frozen_time', 'name'],
    (sandbox, { frozen_time: time, name }) => {
      const clock = sandbox.create('test_helpers.test_clock', {
        deletes_after: sandbox.clock.now + 30 * day,
        frozen_time: time,
        name: name ?? null,
        status: 'ready',
        status_details: {},
      })
      sandbox.addClock(clock.id, time)
      sandbox.emit('test_helpers.test_clock.created', clock)
      return clock
    },
  ),
  operation<{ frozen_time: Seconds }>(
    'POST /v1/test_helpers/test_clocks/{test_clock}/advance',
    ['frozen_time'],
    (sandbox, { frozen_time: time }, id = '') => advanceTestClock(sandbox, id, time),
  ),
  retrieving('test_helpers.test_clock', 'GET /v1/test_helpers/test_clocks/{test_clock}'),
  operation('DELETE /v1/test_helpers/test_clocks/{test_clock}', [], (sandbox, _params, id = '') => {
    const clock = sandbox.get('test_helpers.test_clock', id)
    for (const customer of [...sandbox.table('customer').newestFirst()]) {
      if (customer.test_clock !== id) continue
      sandbox.remove('customer', customer.id)
      sandbox.deletedCustomers.add(customer.id)
    }
    const answer = sandbox.remove('test_helpers.test_clock', id)
    sandbox.emit('test_helpers.test_clock.deleted', clock)
    return answer
  }),
  listing('test_helpers.test_clock', 'GET /v1/test_helpers/test_clocks'),
]

/** Answers at once, as Stripe does; the clock is `ready` when everything that was due has happened. */
function advanceTestClock(sandbox: Sandbox, id: string, time: Seconds): TestClock {
  const clock = sandbox.get('test_helpers.test_clock', id)
  if (clock.status === 'advancing')
    throw new StripeError(429, 'invalid_request_error', 'The test clock is still advancing.', {
      code: 'rate_limit',
    })
  if (time <= clock.frozen_time)
    throw invalid('The frozen_time must be after the current frozen_time of the test clock.', 'frozen_time')
  const advancing = sandbox.change('test_helpers.test_clock', id, {
    status: 'advancing',
    status_details: { advancing: { target_frozen_time: time } },
  })
  sandbox.emit('test_helpers.test_clock.advancing', advancing)
  setImmediate(() => {
    let status: TestClock['status'] = 'ready'
    try {
      sandbox.advance(sandbox.testClock(id), time)
    } catch (error) {
      status = 'internal_failure'
      sandbox.report(error)
    }
    sandbox.transaction(() => {
      const done = sandbox.change('test_helpers.test_clock', id, {
        frozen_time: time,
        status,
        status_details: {},
      })
      sandbox.emit(`test_helpers.test_clock.${status}`, done)
    })
  })
  return advancing
}
