/**
 * The command was used wrongly, or its surroundings do not allow it. Ends with exit code 64 and one line:
 * what is wrong, and what to do about it.
 */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly fix: string
  constructor(problem: string, fix: string) {
    super(problem)
    this.fix = fix
  }
  /** One line, whatever the parts held. */
  get line(): string {
    return withoutUserInfo(`${this.message} — ${this.fix}`.replaceAll(/\s*\n\s*/g, ' '))
  }
}

/**
 * A text without what looks like the user info of an address, however the address was mistyped (`me:word@host`,
 * `https:me:word@host`): others read what is printed. Rather too much is left out than too little. The addresses of
 * modules in a stack (`file:///…/name@1.2/…`) stay. So it is with what `password=` and its like begin.
 */
export const withoutUserInfo = (text: string): string =>
  text
    .replaceAll(/(https?:[/\\]*)?[^\s:@/\\"'(=]*:(?!\/\/|\\\\|\*\*\*@)\S*@/gi, (found, scheme = '') =>
      isExample(found) ? found : `${scheme}***@`,
    )
    .replaceAll(/\/\/(?![^\s/@]*\*\*\*@)[^\s/]*@/g, (found) => (isExample(found) ? found : '//***@'))
    .replaceAll(
      /(pass(?:word|wd)?|pwd|secret|token)\s*=\s*('(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|(?:\\.|[^\s&\\])+)/gi,
      '$1=***',
    )

/** As our own texts say where something belongs. */
const isExample = (userInfo: string) => /^(\/\/)?(user)?:password@$/.test(userInfo)

export const exitCodes = { pass: 0, fail: 1, invalid: 2, undecided: 3, usage: 64 } as const

/** Their exit code is a verdict on the app. */
const judging = ['loadtest', 'collect', 'lighthouse', 'gate', 'history', 'bench', 'ledger']

/** Of an error that nobody foresaw: it says nothing of the app, so where a verdict is wanted there is none. */
export const exitCodeOfCrash = (command: string | undefined): number =>
  command !== undefined && judging.includes(command) ? exitCodes.invalid : exitCodes.fail

/** A path as one pastes it into a shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** The known name that was probably meant, for "did you mean". */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({
    name,
    distance: editDistance(given.toLowerCase(), name.toLowerCase()),
  }))
  scored.sort((a, b) => a.distance - b.distance)
  const best = scored[0]
  return best && best.distance <= Math.max(2, given.length / 3) ? best.name : undefined
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
