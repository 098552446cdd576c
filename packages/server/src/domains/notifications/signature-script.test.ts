import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { subscriptionRoutes } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { expect, it } from 'vitest'
import { openReceiver } from './testing/receiver.ts'

it("the guide's scripts take what was sent, and nothing that was changed", async () => {
  const guide = readFileSync(new URL('../../../../../docs/guides/events-and-notifications.md', import.meta.url), 'utf8')
  const scriptOf = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'hagane-signature-'))
  await writeFile(join(folder, 'verify.py'), scriptOf('python'))
  await writeFile(join(folder, 'verify.cjs'), scriptOf('js'))
  await using app = await buildTestApp({ settings: { allow_private_urls: true } })
  await using receiver = await openReceiver()
  const { secret = '' } = await app.client.call(subscriptionRoutes.create, {
    body: { name: 'signed', on: {}, channel: { type: 'webhook', url: receiver.url } },
  })
  await app.client.call(subscriptionRoutes.test, { params: { name: 'signed' } })
  const [one] = await receiver.until(1, got => got.body.includes('subscription.test'))
  if (one === undefined) throw new Error('nothing came')
  const headers = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => String(one.headers[name]))
  const old = [headers[0] ?? '', String(Number(headers[1]) - 600), headers[2] ?? '']
  for (const [program, file] of [
    ['python3', 'verify.py'],
    [process.execPath, 'verify.cjs'],
  ] as const) {
    const check = (body: string, given = headers) =>
      spawnSync(program, [join(folder, file), secret, ...given], { input: body }).status
    expect([file, check(one.body)]).toEqual([file, 0])
    expect([file, check(`${one.body} `)]).toEqual([file, 1])
    expect([file, check(one.body, [`${headers[0]}x`, ...headers.slice(1)])]).toEqual([file, 1])
    expect([file, check(one.body, headers.with(2, 'v1,short'))]).toEqual([file, 1])
    expect([file, check(one.body, old)]).toEqual([file, 1])
  }
  await rm(folder, { recursive: true, force: true })
})
