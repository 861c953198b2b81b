/** Stripe's products and prices: made once, and tried again until that succeeded. */
export type CatalogueKeeper = {
  /** Makes it, unless that has succeeded already. @throws what making it throws */
  unlessMade(): Promise<void>
  /** From the next time on it is made anew. */
  renew(): void
}

/** @param make makes the catalogue what the plans say; safe to repeat */
export function catalogueKeeper(make: () => Promise<void>): CatalogueKeeper {
  let isMade = false
  return {
    async unlessMade() {
      if (isMade) return
      await make()
      isMade = true
    },
    renew() {
      isMade = false
    },
  }
}
