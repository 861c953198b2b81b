import aws4 from 'aws4'
import type { BlobKey } from './blob-keys.ts'
import type { StoreSettings } from './blobs.ts'

/** A link stays the same for so long, so that a browser keeps what is behind it. Milliseconds. */
export const steadyMs = 1_800_000
/** From the beginning of that time: the last one to be handed out is good for as long again. Seconds. */
const goodSeconds = 3_600
/** More than a large organisation has people. */
const mostKept = 20_000

/**
 * Links to small pictures that stand by the dozen in one answer: signed without the store's SDK, which is large, and
 * asynchronous; and once in half an hour for each picture. By Signature Version 4 in the query, as S3 takes it.
 * @param now of tests
 */
export function steadyLinks(settings: StoreSettings, now: () => number = Date.now): (key: BlobKey) => string {
  const { accessKeyId, secretAccessKey, region } = settings
  const { origin, host } = new URL(settings.publicEndpoint)
  let kept = new Map<string, string>()
  let since = 0

  function signed(key: BlobKey): string {
    const at = new Date(since).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    const path = `/${settings.bucket}/${key}?X-Amz-Expires=${goodSeconds}&X-Amz-Date=${at}`
    const request = { service: 's3', region, host, path, signQuery: true }
    return origin + aws4.sign(request, { accessKeyId, secretAccessKey }).path
  }

  return (key) => {
    const begin = now() - (now() % steadyMs)
    if (begin !== since || kept.size >= mostKept) {
      kept = new Map()
      since = begin
    }
    const link = kept.get(key) ?? signed(key)
    kept.set(key, link)
    return link
  }
}
