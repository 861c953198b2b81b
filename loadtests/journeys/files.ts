import { drawBelow, type Request, type Step } from '../swarm/app.ts'
import { mutation, query } from './requests.ts'
import { taskId, type User } from './user.ts'

/** A file is this text over and over: its owner's canary tells whose it is, and its length whether it is whole. */
const lineOf = (canary: string) => `${`Figures of the week - ${canary}`.padEnd(lineLength - 1)}\n`
const lineLength = 64
const [fewestLines, mostLines] = [320, 3_200]
const type = 'text/plain'

/** Between 20 and 200 kB, as most of what people attach. @returns bytes */
export const sizeOfFile = (user: User): number =>
  lineLength * (fewestLines + drawBelow(user, mostLines - fewestLines + 1))

export const nameOfFile = ({ userGroup }: User): string => `Week ${userGroup.organisation.canary}.txt`

/** A form with a file at its end, as a browser posts it (RFC 7578). Everything in it is ASCII: a character is a byte. */
export function formBody(
  fields: Readonly<Record<string, string>>,
  file: { name: string; type: string; content: string },
): { body: string; contentType: string } {
  const part = (head: string, content: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`
  const named = Object.entries(fields).map(([name, value]) => part(`name="${name}"`, value))
  const head = `name="file"; filename="${file.name}"\r\nContent-Type: ${file.type}`
  return {
    body: `${named.join('')}${part(head, file.content)}--${boundary}--\r\n`,
    contentType: `multipart/form-data; boundary=${boundary}`,
  }
}
const boundary = '----headroom-7MA4YWxkTrZu0gW'

/** The bytes of an upload that has just begun, straight to the object store. @param begun the API's answer */
export function postOf(user: User, begun: string): Request | null {
  const [, url] = /"form":\{"url":"([^"]+)"/.exec(begun) ?? []
  const [, fields] = /"fields":(\{[^}]*\})/.exec(begun) ?? []
  const [, size] = /"size":(\d+)/.exec(begun) ?? []
  if (url === undefined || fields === undefined || size === undefined) return null
  const content = lineOf(user.userGroup.organisation.canary).repeat(Number(size) / lineLength)
  const { body, contentType } = formBody(JSON.parse(fields), { name: 'week.txt', type, content })
  return {
    method: 'POST',
    route: 'file upload',
    path: pathOf(url),
    headers: { 'Content-Type': contentType },
    body,
    expect: 204,
    anonymous: true,
    tenant: 'may',
    content: 'any',
  }
}

/** The bytes of a file, by its link; that of another tenant's would be found in it. @param link the API's answer */
export function downloadOf({ userGroup }: User, link: string): Request | null {
  const [, url] = /"url":"([^"]+)"/.exec(link) ?? []
  if (url === undefined) return null
  const line = lineOf(userGroup.organisation.canary)
  return {
    method: 'GET',
    route: 'file download',
    path: pathOf(url),
    type,
    anonymous: true,
    tenant: true,
    keep: (text) => text.startsWith(line) && text.length % lineLength === 0,
  }
}

/** A file of the user's own text that was checked and is kept. @param files the API's answer */
export const readyFileIn = ({ userGroup }: User, files: string): string | undefined =>
  (files.match(/\{"id":"[0-9a-f-]{36}","taskId"[^{}]*/g) ?? [])
    .find((file) => file.includes('"state":"ready"') && file.includes(userGroup.organisation.canary))
    ?.slice(7, 43)

/** The store is asked by the target's own origin, behind the same edge. */
const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '')

/** People attach a file, look at it, and replace it: a run leaves no bytes behind. */
export const fileSteps: Record<string, Step<User>> = {
  'attach a file': (user, { without }) => {
    if (without.includes('files')) return []
    const begin = mutation('upload.create', {
      taskId: taskId(user),
      name: nameOfFile(user),
      size: sizeOfFile(user),
    })
    const requests: Request[] = [{ ...begin, keep }]
    /** What is asked next stands in the answer. */
    function keep(begun: string): boolean {
      const [, id] = /"id":"([0-9a-f-]{36})"/.exec(begun) ?? []
      const post = postOf(user, begun)
      if (id === undefined || post === null) return false
      user.file = id
      requests.push(post, mutation('upload.complete', { uploadId: id }))
      return true
    }
    return requests
  },

  'open files': (user, { without }) => {
    if (without.includes('files')) return []
    const requests: Request[] = []
    const list = { ...query('file.list', { taskId: taskId(user), limit: 20 }), tenant: 'may' as const }
    requests.push({
      ...list,
      keep(files) {
        const fileId = readyFileIn(user, files)
        // Its check may wait for its turn.
        if (fileId !== undefined) requests.push(linked(fileId))
        return true
      },
    })
    const linked = (fileId: string): Request => ({
      ...query('file.link', { fileId }),
      tenant: 'may',
      keep(link) {
        const download = downloadOf(user, link)
        if (download) requests.push(download)
        return download !== null
      },
    })
    return requests
  },

  'remove the file': (user) => {
    if (user.file === '') return []
    const fileId = user.file
    user.file = ''
    return [{ ...mutation('file.remove', { fileId }), tenant: 'may' }]
  },
}
