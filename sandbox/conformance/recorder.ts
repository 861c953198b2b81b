import qs from 'qs'
import type { StripeEvent } from '../core/objects/events.ts'
import type { Exchange } from '../http/api.ts'
import { type Form, readParameters } from '../http/parameters.ts'
import { document } from '../openapi/document.ts'
import { missingOfPromised } from './promised.ts'
import { problemsOfAnswer, problemsOfEvent, problemsOfRequest } from './validate.ts'

/** What was looked at, how much of it was as Stripe's document says, and each that was not. */
export type Share = { checked: number; valid: number; problems: string[] }

/** Keeps what went over the wire, to be held against Stripe's document. */
export class Recorder {
  readonly exchanges: Exchange[] = []
  readonly events: StripeEvent[] = []

  record = (exchange: Exchange): void => {
    this.exchanges.push(exchange)
  }

  observe = (event: StripeEvent): void => {
    this.events.push(event)
  }

  /** The operations that were asked for and answered well. */
  get played(): Set<string> {
    return new Set(this.exchanges.filter(({ status }) => status < 400).map(({ route }) => route))
  }

  requests(): Share {
    return shareOf(
      this.exchanges.filter(({ status }) => status < 400),
      ({ route, form }) => {
        const described = document.operations[route]
        if (!described) return [`Stripe's document has no ${route}`]
        return problemsOfRequest(route, readParameters(described, parsed(form)))
      },
    )
  }

  answers(): Share {
    return shareOf(this.exchanges, ({ route, status, body }) =>
      problemsOfAnswer(route, status, JSON.parse(body)),
    )
  }

  /** Whether answers have all that the SDK's types promise. */
  promised(): Share {
    const answers = this.exchanges.filter(({ status }) => status < 400)
    return shareOf(answers, ({ body }) => missingOfPromised(JSON.parse(body)))
  }

  eventShare(): Share {
    // As they are sent: what is undefined is not there.
    return shareOf(this.events, (event) =>
      problemsOfEvent(JSON.parse(JSON.stringify(event))).map((problem) => `${event.type}: ${problem}`),
    )
  }
}

const parsed = (form: string): Form =>
  qs.parse(form, { depth: 20, arrayLimit: 1000, parameterLimit: 10_000 }) as Form

function shareOf<Row>(rows: readonly Row[], problemsOf: (row: Row) => string[]): Share {
  const found = rows.map(problemsOf)
  return {
    checked: rows.length,
    valid: found.filter((problems) => problems.length === 0).length,
    problems: [...new Set(found.flat())],
  }
}
