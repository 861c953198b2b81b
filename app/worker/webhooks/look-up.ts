import { lookup as lookUpAtSystem, Resolver } from 'node:dns/promises'

export type Address = { address: string; family: number }

/** What a name leads to. A signal that ends frees what the question holds. */
export type LookUp = (name: string, signal: AbortSignal) => Promise<Address[]>

/** Until the first retry, which waits twice as long. */
const answerWithinMs = 1_500
const tries = 2
/** Once addresses of one family are there, those of the other are waited for so long. */
const otherFamilyWithinMs = 1_000

/**
 * As the machine itself looks names up, with `/etc/hosts`. Each look-up holds a thread until the name server has
 * answered, and of these the whole process has two: for development and tests.
 */
export const atSystem: LookUp = (name) => lookUpAtSystem(name, { all: true, order: 'verbatim' })

/**
 * By questions to name servers alone, which hold no thread: a name whose server is silent delays nobody else.
 * `/etc/hosts` and search domains are not used.
 * @param servers addresses with ports; without them those of the machine
 * @throws with the code ENOTFOUND where there is no such name, or no address; EAI_AGAIN where that is not known
 */
export function atNameServers(servers?: readonly string[]): LookUp {
  return async (name, signal) => {
    signal.throwIfAborted()
    // One of its own, since `cancel` ends all questions of a resolver.
    const resolver = new Resolver({ timeout: answerWithinMs, tries })
    if (servers) resolver.setServers(servers)
    const cancel = () => resolver.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    let otherIsLate: NodeJS.Timeout | undefined
    const asked = [
      addressesOf(4, () => resolver.resolve4(name)),
      addressesOf(6, () => resolver.resolve6(name)),
    ]
    Promise.any(asked).then(
      () => {
        otherIsLate = setTimeout(cancel, otherFamilyWithinMs)
      },
      () => {},
    )
    try {
      const answers = await Promise.allSettled(asked)
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      if (found.length > 0) return found
      throw notFound(
        name,
        answers.map((answer) => (answer.status === 'rejected' ? answer.reason : null)),
      )
    } finally {
      clearTimeout(otherIsLate)
      signal.removeEventListener('abort', cancel)
    }
  }
}

async function addressesOf(family: 4 | 6, ask: () => Promise<string[]>): Promise<Address[]> {
  return (await ask()).map((address) => ({ address, family }))
}

/** The codes of c-ares in those of the machine's own look-up. */
function notFound(name: string, reasons: readonly ({ code?: string } | null)[]): Error {
  const isKnown = reasons.every((reason) => reason?.code === 'ENOTFOUND' || reason?.code === 'ENODATA')
  return Object.assign(new Error(`${name}: ${reasons.map((reason) => reason?.code).join(', ')}`), {
    code: isKnown ? 'ENOTFOUND' : 'EAI_AGAIN',
  })
}
