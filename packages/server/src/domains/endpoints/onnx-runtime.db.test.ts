import { readFile } from 'node:fs/promises'
import { endpointRoutes } from '@hagane/contract'
import { eachDialect } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EndpointsUnderTest } from './endpoints-under-test.ts'

const iris = await readFile(new URL('../../../../gateway/fixtures/iris.onnx', import.meta.url))

eachDialect('deployments of ONNX models', database => {
  let under: EndpointsUnderTest
  beforeAll(async () => {
    under = await EndpointsUnderTest.start(database.db())
    await under.client.call(endpointRoutes.create, { body: { name: 'iris' } })
  })
  afterAll(() => under.end())

  it('a model that is an ONNX file needs no code and no environment', async () => {
    const deployed = await under.deploy('iris', 'blue', { model: await under.modelOf({ 'iris.onnx': iris }) })
    expect(deployed).toMatchObject({
      provisioning_state: 'Succeeded',
      revision: { environment: { lock_digest: 'onnxruntime-node@1.30.0' } },
    })
  })

  it('of several files it does not guess, and says how to choose', async () => {
    const model = await under.modelOf({ 'a.onnx': iris, 'b.onnx': iris })
    const { provisioning_state, error } = await under.deploy('iris', 'green', { model })
    expect([provisioning_state, error?.message]).toEqual(['Failed', expect.stringContaining('2 ONNX files')])
  })
})
