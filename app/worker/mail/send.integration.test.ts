import { randomUUID } from 'node:crypto'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sendMail } from './send.ts'
import { type MailServer, startMailServer } from './testing/mail-server.ts'
import { sampleMails } from './testing/samples.ts'

describe('a mail by SMTP', () => {
  let server: MailServer
  const inherited = { ...process.env }

  beforeAll(async () => {
    server = await startMailServer()
    Object.assign(process.env, { SMTP_URL: server.url, ORIGIN: 'https://worklane.test' })
  })
  afterAll(async () => {
    await closeRuntime()
    await server.close()
    Object.assign(process.env, inherited)
    if (inherited.SMTP_URL === undefined) delete process.env.SMTP_URL
  })
  beforeEach(() => {
    server.received.length = 0
  })
  const sample = (template: string) =>
    sampleMails.find(({ payload }) => payload.template === template)?.payload
  const sent = () => {
    const [first] = server.received
    if (!first) throw new Error('the mail server has received nothing')
    return first
  }

  it('comes as HTML and as text in one, with a name that says which mail it is', async () => {
    const id = randomUUID()
    await sendMail(sample('invitation'), id)
    const { mail, raw } = sent()
    expect(raw).toMatch(/^Content-Type: multipart\/alternative/m)
    expect(mail.messageId).toBe(`<${id}@worklane.test>`)
    expect(mail.subject).toBe('You are invited to an organisation on Worklane')
    expect(mail.html).toContain('Open the invitation')
    expect(mail.text).toContain('https://worklane.test/sign-in?token=')
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
    // Only what comes regularly can be ended.
    expect(raw).not.toMatch(/^List-Unsubscribe/im)
  })

  it('has any letters and marks in its subject', async () => {
    await sendMail(sample('billing'))
    expect(sent().mail.subject).toBe('A payment for Analytical Engines & Söhne GmbH <London> failed')
  })

  it('has the same name when its job runs again', async () => {
    const id = randomUUID()
    for (let n = 0; n < 2; n++) await sendMail(sample('sign-in-link'), id)
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(1)
  })

  it('about what was not read can be ended by the mail program with one POST', async () => {
    await sendMail(sample('digest'))
    const { mail, raw } = sent()
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m)
    expect(mail.headers.get('list')).toMatchObject({
      unsubscribe: { url: 'https://worklane.test/unsubscribe/5b3c7c1e/one-click' },
    })
    expect(mail.text).toContain('https://worklane.test/unsubscribe/5b3c7c1e')
  })

  it('goes out as an earlier version wrote it', async () => {
    await sendMail({ to: 'ada@example.test', subject: 'S', text: 'T', link: 'http://worklane.test/' })
    expect(sent().mail).toMatchObject({
      subject: 'S',
      text: expect.stringContaining('http://worklane.test/'),
    })
  })

  it('has no further header, whatever a name holds', async () => {
    const data = {
      inviter: 'Eve\r\nBcc: all@example.test\r\n\r\n<b>',
      organisation: 'A',
      role: 'viewer',
      goodForDays: 7,
    }
    await sendMail({
      to: 'ada@example.test',
      template: 'invitation',
      data: { ...data, link: 'https://worklane.test/' },
    })
    expect(sent().mail.bcc).toBeUndefined()
    expect(sent().mail.headers.has('bcc')).toBe(false)
    expect(sent().mail.html).not.toContain('<b>')
  })

  it('has failed where its server does not take it', async () => {
    server.refuse('mailbox is full')
    await expect(sendMail(sample('notice'))).rejects.toThrow('mailbox is full')
    server.refuse(null)
    expect(server.received).toEqual([])
  })
})
