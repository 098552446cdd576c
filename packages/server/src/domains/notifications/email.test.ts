import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode })

/** A real SMTP server that behaves as the test wants it to. */
let behaves: { recipient?: (address: string) => Error | undefined; data?: Error | 'hang up' } = {}
const mails: string[] = []
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onRcptTo: ({ address }, _session, done) => done(behaves.recipient?.(address)),
  onData: (stream, session, done) => {
    if (behaves.data === 'hang up') {
      const { connections } = smtp as unknown as { connections: Set<{ session: unknown; _socket: Socket }> }
      for (const connection of connections) if (connection.session === session) connection._socket.destroy()
      return
    }
    void text(stream).then(mail => {
      if (behaves.data instanceof Error) return done(behaves.data)
      mails.push(mail)
      done()
    })
  },
})
/** A listener that accepts and says nothing. */
const silent: Server = createServer(socket => socket.on('error', () => undefined))
let app: TestApp

const settingsFor = (server: Server) => ({
  smtp_host: '127.0.0.1',
  smtp_port: (server.address() as AddressInfo).port,
  smtp_from: 'ml@example.com',
})

async function subscribed(to: TestApp, more: object = {}) {
  await to.client.call(subscriptionRoutes.create, {
    body: {
      ...{ name: 'post', on: { types: ['dev.hagane.test.*'] }, language: 'ja' },
      channel: { type: 'email', to: ['a@example.com', 'b@example.com'] },
      ...more,
    },
  })
}
const tried = (of = app) => of.client.call(subscriptionRoutes.test, { params: { name: 'post' } })

beforeAll(async () => {
  smtp.on('error', () => undefined)
  await new Promise<void>(resolve => smtp.listen(0, '127.0.0.1', resolve))
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  app = await buildTestApp({ settings: { ...settingsFor(smtp.server as Server), smtp_security: 'none' } })
  await subscribed(app)
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  silent.close()
  await new Promise<void>(resolve => smtp.close(() => resolve()))
})
beforeEach(() => {
  behaves = {}
  mails.length = 0
})

it('e-mail goes out by SMTP, in UTF-8, under an id that stays', async () => {
  expect(await tried()).toMatchObject({ delivered: true })
  const [mail = ''] = mails
  expect(mail).toMatch(/^From: ml@example\.com/m)
  expect(mail).toMatch(/^To: a@example\.com, b@example\.com/m)
  expect(mail).toMatch(/^Message-ID:\s+<msg_\w+@hagane>/m)
  expect(mail).toMatch(/^Content-Type: text\/plain; charset=utf-8/m)
  const written = mail
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  expect(Buffer.from(written, 'latin1').toString('utf8')).toContain('対象: subscription/post')
})

it.each([
  ['for now', { recipient: () => refusal(452, 'mailbox full') }, /452 mailbox full/],
  ['for good', { recipient: () => refusal(550, 'no such user') }, /550 no such user/],
  ['after reading it', { data: refusal(554, 'looks like spam') }, /554 looks like spam/],
  ['by hanging up in the middle', { data: 'hang up' as const }, /e-mail: \S+/],
])('what a mail server refuses %s is told, and may go through the next time', async (_, how, why) => {
  behaves = how
  const answer = await tried()
  expect(answer).toMatchObject({ delivered: false, error: expect.stringMatching(why) })
  expect(mails).toEqual([])
  behaves = {}
  expect(await tried()).toMatchObject({ delivered: true })
})

it('one address of several that is refused is told; the others have the mail, and get it once', async () => {
  behaves = { recipient: address => (address.startsWith('b') ? refusal(550, 'no such user b') : undefined) }
  expect(await tried()).toMatchObject({ delivered: true, error: expect.stringContaining('no such user b') })
  expect(mails).toHaveLength(1)
})

it('a mail server that says nothing is not waited for, and one without TLS is not trusted unless told so', async () => {
  await using quiet = await buildTestApp({ settings: { ...settingsFor(silent), smtp_security: 'none' } })
  await subscribed(quiet, { timeout_seconds: 1 })
  expect(await tried(quiet)).toMatchObject({
    delivered: false,
    error: expect.stringMatching(/greeting never received/i),
  })
  await using careful = await buildTestApp({ settings: settingsFor(smtp.server as Server) })
  await subscribed(careful)
  expect(await tried(careful)).toMatchObject({ delivered: false, error: expect.stringMatching(/STARTTLS|TLS/) })
  expect(mails).toEqual([])
})
