import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endpointRoutes, type GatewayFile, gatewayFile } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { certificates } from '../../packages/gateway/src/testing/certificates.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hagane-tls-'))
})
afterAll(async () => {
  // it outlives the server that started it
  process.kill(gateway().pid, 'SIGKILL')
  await rm(dir, { recursive: true, force: true, maxRetries: 10 })
})

const gateway = (): GatewayFile =>
  gatewayFile.parse(JSON.parse(readFileSync(join(dir, 'gateway', 'gateway.json'), 'utf8')))

it('a gateway with a certificate is told by its https address, adopted by the next server, and started again on its port', async () => {
  const [files] = certificates
  const settings = { gateway_tls_cert: join(dir, 'cert.pem'), gateway_tls_key: join(dir, 'key.pem') }
  writeFileSync(settings.gateway_tls_cert, files.cert)
  writeFileSync(settings.gateway_tls_key, files.key)
  {
    await using first = await buildTestApp({ dir, settings })
    const { scoring_uri } = await first.client.call(endpointRoutes.create, { body: { name: 'flights' } })
    expect(scoring_uri).toBe(`https://127.0.0.1:${gateway().port}/endpoints/flights/score`)
  }
  const { pid, port } = gateway()
  await using second = await buildTestApp({ dir, settings })
  await second.client.call(endpointRoutes.create, { body: { name: 'delays' } })
  expect(gateway().pid).toBe(pid)
  process.kill(pid, 'SIGKILL')
  while (gateway().pid === pid) await pause(20)
  expect(gateway()).toMatchObject({ port, scheme: 'https' })
}, 120_000)

it('half a pair is refused before anything starts', async () => {
  await expect(buildTestApp({ settings: { gateway_tls_cert: '/c.pem' } })).rejects.toThrow('belong together')
})
