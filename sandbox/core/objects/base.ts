/**
 * Here is what the sandbox models of each of Stripe's objects, as it goes over the wire and with ids where Stripe lets
 * one expand. All other fields are there as openapi/blank.ts makes them.
 */

/** Seconds since 1970. */
export type Seconds = number

/** Minor units: cents. */
export type Cents = number

export type Metadata = Record<string, string>

export type Base<Kind extends string> = { id: string; object: Kind; created: Seconds; livemode: false }

export type List<Row> = { object: 'list'; data: Row[]; has_more: boolean; url: string }

export type Address = Record<'city' | 'country' | 'line1' | 'line2' | 'postal_code' | 'state', string | null>

export type Period = { start: Seconds; end: Seconds }
