/** How a target lets its testers in. */
export type Access = {
  /** `Basic …` of the user info in its address, which is neither shown nor written; or ''. */
  authorization: string
  /** Whether its certificate may be anybody's (`--insecure`). */
  insecure: boolean
}

/** What is needed where there is no user info, and where certificates are checked. */
export const openAccess: Access = { authorization: '', insecure: false }
