/** Stands where something of a person stood, or something that lets somebody in. */
export const hidden = '[hidden]'

/**
 * Why a job failed, without what a library quotes of it: addresses of people, where a link leads, and whatever is as
 * long as a token or a key.
 */
export const harmlessReason = (reason: string): string =>
  reason
    .replaceAll(/\bhttps?:\/\/[^\s"'<>]+/g, (link) => `${originOf(link)}/${hidden}`)
    .replaceAll(/[^\s"'<>()@:;,]+@[^\s"'<>()@:;,]+/g, hidden)
    .replaceAll(/[\w~+/=-]{40,}/g, hidden)

const originOf = (link: string): string => (URL.canParse(link) ? new URL(link).origin : hidden)
