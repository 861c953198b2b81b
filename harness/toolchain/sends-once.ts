import { access } from 'node:fs/promises'

/** A file of Go's own library that a program is built with another text of. */
export type Overlay = {
  /** Below GOROOT/src. */
  file: string
  /** @returns the same text when it has no place for the change */
  change(text: string): string
  /** A file of this name beside the program says that it was built so. */
  mark: string
}

/**
 * Go sends a GET for a second time, and says nothing of it, when the server hangs up on a connection that was kept: a
 * load test then counts no error where the target made one. k6 has no option against it, so the k6 that Headroom builds
 * is built with a net/http that takes no request for repeatable.
 *
 * It leans on an inside of Go's library: tried with go1.26.8, https://cs.opensource.google/go/go/+/refs/tags/go1.26.8:src/net/http/request.go
 * (`isReplayable`, which decides in transport.go's `shouldRetryRequest`). Where Go looks otherwise k6 is built as it is,
 * and a run says that it does not see such hang-ups; sends-once.integration.test.ts notices.
 */
export const sendsOnce: Overlay = {
  file: 'net/http/request.go',
  change: (text) =>
    text.replace(
      /^func \(r \*Request\) isReplayable\(\) bool \{$/m,
      '$&\n\tif true {\n\t\treturn false // a request is sent once\n\t}',
    ),
  mark: 'k6.sends-once',
}

/** Whether the program beside which the mark is was built with the change. */
export const isMarked = (program: string, { mark }: Overlay = sendsOnce): Promise<boolean> =>
  access(program.replace(/[^/\\]*$/, mark)).then(
    () => true,
    () => false,
  )
