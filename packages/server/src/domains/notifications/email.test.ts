import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { SMTPServer } from 'smtp-server'
import { expect, it } from 'vitest'

it('e-mail goes out by SMTP, in UTF-8, and what the mail server refuses is told and tried again', async () => {
  const mails: string[] = []
  let refuse = true
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) =>
      refuse ? done(Object.assign(new Error('mailbox full'), { responseCode: 452 })) : done(),
    onData: (stream, _session, done) => {
      void text(stream).then(mail => {
        mails.push(mail)
        done()
      })
    },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  await using app = await buildTestApp({
    settings: { smtp_host: '127.0.0.1', smtp_port: port, smtp_security: 'none', smtp_from: 'ml@example.com' },
  })
  const params = { name: 'post' }
  await app.client.call(subscriptionRoutes.create, {
    body: {
      name: 'post',
      on: { types: ['dev.hagane.test.*'] },
      language: 'ja',
      channel: { type: 'email', to: ['a@example.com', 'b@example.com'] },
    },
  })
  expect(await app.client.call(subscriptionRoutes.test, { params })).toMatchObject({
    delivered: false,
    error: expect.stringContaining('mailbox full'),
  })
  refuse = false
  expect(await app.client.call(subscriptionRoutes.test, { params })).toMatchObject({ delivered: true })
  const [mail = ''] = mails
  expect(mail).toMatch(/^From: ml@example\.com/m)
  expect(mail).toMatch(/^To: a@example\.com, b@example\.com/m)
  expect(mail).toMatch(/^Message-ID:\s+<msg_\w+@hagane>/m)
  const written = mail
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  expect(Buffer.from(written, 'latin1').toString('utf8')).toContain('対象: subscription/post')
  await new Promise<void>(resolve => server.close(() => resolve()))
})
