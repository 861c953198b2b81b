import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { UsageError } from '../plan/usage.ts'
import { launchChromium, provideHeadless } from '../toolchain/chromium.ts'
import type { Deployment } from './deployment.ts'

/** How long what the worker does may take on a busy machine. */
const patienceMs = 60_000

/**
 * Does what the first user of a deployment does, through its edge: signs up in a browser, makes a project and a task,
 * attaches a file and gets it back. Then the mail server, the object store and the worker have had their part in it.
 * @throws UsageError where nothing answers; Error that says what did not come about
 */
export async function useAsFirstUser(
  { origin, mails }: Pick<Deployment, 'origin'> & Partial<Pick<Deployment, 'mails'>>,
  say: (line: string) => void,
): Promise<void> {
  const email = `first-${randomBytes(4).toString('hex')}@example.com`
  const cookie = await signUp(origin, email)
  say('signed up, and has a first project')
  const call = callerOf(origin, cookie)
  const projects = z
    .object({ items: z.array(z.object({ id: z.string() })) })
    .parse(await call('GET', '/v1/projects'))
  const project = projects.items[0]?.id
  const task = Id.parse(await call('POST', `/v1/projects/${project}/tasks`, { title: 'Runs as deployed' }))
  await attachFile(origin, call, task.id)
  say('attached a file, which a worker has checked, and got it back from the store')
  // Only where it can be seen what mails were sent.
  if (!mails) return
  await until('the mail that confirms the address', async () => mails.some(({ to }) => to.includes(email)))
  say('was sent the mail that confirms the address')
}

const Id = z.object({ id: z.string() })

/** @returns the session's cookie */
async function signUp(origin: string, email: string): Promise<string> {
  const browser = await launchChromium(await provideHeadless())
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(`${origin}/sign-up`).catch((error: Error) => {
      const [reason = 'no answer'] = /net::\S+/.exec(error.message) ?? []
      throw new UsageError(
        `nothing answers at ${origin} (${reason})`,
        'give the address of a deployment that runs, and look whether its edge is up',
      )
    })
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(randomBytes(12).toString('hex'))
    await page.getByLabel('Organisation').fill('Analytical Engines')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.waitForURL('**/onboarding', { timeout: patienceMs })
    await page.getByLabel('Project').fill('Difference Engine')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.waitForURL('**/projects/*', { timeout: patienceMs })
    if (complaints.length > 0) throw new Error(`the browser complains: ${complaints.join('; ')}`)
    const session = (await context.cookies()).find(({ name }) => name.endsWith('session-token'))
    if (!session) throw new Error('who has signed up has no session')
    return `${session.name}=${session.value}`
  } finally {
    await browser.close()
  }
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>

const callerOf =
  (origin: string, cookie: string): Call =>
  async (method, path, body) => {
    const response = await fetch(origin + path, {
      method,
      headers: { cookie, origin, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }

const Upload = z.object({
  file: Id,
  form: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }),
})
const Files = z.object({ items: z.array(z.object({ id: z.string(), state: z.string() })) })
const Link = z.object({ url: z.string() })

async function attachFile(origin: string, call: Call, task: string): Promise<void> {
  const text = `kept for ${task}\n`
  const upload = Upload.parse(
    await call('POST', `/v1/tasks/${task}/uploads`, { name: 'note.txt', size: Buffer.byteLength(text) }),
  )
  const form = new FormData()
  for (const [name, value] of Object.entries(upload.form.fields)) form.set(name, value)
  form.set('file', new Blob([text], { type: upload.form.fields['Content-Type'] ?? 'text/plain' }), 'note.txt')
  const posted = await fetch(new URL(upload.form.url, origin), { method: 'POST', body: form })
  if (!posted.ok) throw new Error(`the object store answered ${posted.status}: ${await posted.text()}`)
  await call('POST', `/v1/uploads/${upload.file.id}/complete`, {})
  await until('the check of a file', async () => {
    const { items } = Files.parse(await call('GET', `/v1/tasks/${task}/files`))
    return items.some(({ id, state }) => id === upload.file.id && state === 'ready')
  })
  const { url } = Link.parse(await call('GET', `/v1/files/${upload.file.id}/link`))
  const got = await (await fetch(new URL(url, origin))).text()
  if (got !== text) throw new Error('the object store gave another file back')
}

async function until(what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await setTimeout(250))
    if (await isThere()) return
  throw new Error(`${what} did not come within ${patienceMs / 1_000} s`)
}
