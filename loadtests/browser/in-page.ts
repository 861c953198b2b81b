/**
 * Functions that run inside a page: k6 sends their source to the browser, so each must stand alone, and k6 1.8 cuts
 * the parentheses off an arrow that returns an object. Only what they use of the browser is declared.
 */
type Element = { textContent: string }
declare const document: { title: string; querySelector(selector: string): Element | null }
declare const location: { pathname: string }
declare const performance: { now(): number }
declare const window: { headroomMark?: boolean; headroomClick?: number }
declare function requestAnimationFrame(callback: () => void): void
declare function setTimeout(callback: () => void, milliseconds: number): void
declare function addEventListener(
  event: string,
  listener: (event: { timeStamp: number }) => void,
  options: { once: boolean; capture: boolean },
): void

/** Whether a text stands in the page's title or body, as readers see it: not in the data of its scripts. */
export const holds = (text: string): boolean =>
  `${document.title}\n${document.querySelector('main')?.textContent}`.includes(text)

/** Whether React listens to the element already. */
export const isAlive = (selector: string): boolean => {
  const element = document.querySelector(selector)
  return element !== null && Object.keys(element).some((key) => key.startsWith('__reactProps$'))
}

export type Destination = { path: string; selector: string; text: string }

/** From the next click on, waits until the destination has been painted; the mark tells whether it was a new load. */
export const watchClick = ({ path, selector, text }: Destination): void => {
  window.headroomMark = true
  addEventListener(
    'click',
    ({ timeStamp }) => {
      const look = () => {
        const isThere =
          location.pathname === path &&
          document.querySelector(selector) !== null &&
          document.querySelector('main')?.textContent.includes(text)
        // What runs after a frame's callbacks runs after its paint.
        if (!isThere) requestAnimationFrame(look)
        else
          setTimeout(() => {
            window.headroomClick = performance.now() - timeStamp
          }, 0)
      }
      requestAnimationFrame(look)
    },
    { once: true, capture: true },
  )
}

/** The milliseconds that the click took; null while it takes, -1 when it loaded a document of its own. */
export const clickTook = (): number | null =>
  window.headroomMark ? (window.headroomClick ?? null) : location.pathname === '' ? null : -1
