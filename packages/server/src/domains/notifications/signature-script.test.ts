import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { expect, it } from 'vitest'
import { openReceiver } from './testing/receiver.ts'

it("the guide's Python script takes what was sent, and nothing that was changed", async () => {
  const guide = readFileSync(new URL('../../../../../docs/guides/events-and-notifications.md', import.meta.url), 'utf8')
  const script = /```python\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
  await using app = await buildTestApp({ settings: { allow_private_urls: true } })
  await using receiver = await openReceiver()
  const { secret = '' } = await app.client.call(subscriptionRoutes.create, {
    body: { name: 'signed', on: {}, channel: { type: 'webhook', url: receiver.url } },
  })
  await app.client.call(subscriptionRoutes.test, { params: { name: 'signed' } })
  const [one] = await receiver.until(1, got => got.body.includes('subscription.test'))
  if (one === undefined) throw new Error('nothing came')
  const headers = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => String(one.headers[name]))
  const check = (body: string, given = headers) =>
    spawnSync('python3', ['-c', script, secret, ...given], { input: body }).status
  expect(check(one.body)).toBe(0)
  expect(check(`${one.body} `)).toBe(1)
  expect(check(one.body, [`${headers[0]}x`, ...headers.slice(1)])).toBe(1)
  const old = [headers[0] ?? '', String(Number(headers[1]) - 600), headers[2] ?? '']
  expect(check(one.body, old)).toBe(1)
})
