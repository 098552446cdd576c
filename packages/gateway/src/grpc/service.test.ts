import { Client, credentials, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import type { HttpHandler } from './inject.ts'
import { decode, encode } from './oip-proto.ts'
import { inferenceServer } from './service.ts'

/** Calls ModelMetadata of a service whose HTTP side is `handler`; resolves to gRPC's error. */
async function refusal(handler: HttpHandler, begun?: (call: { cancel(): void }) => void): Promise<ServiceError> {
  const server = inferenceServer(handler, 2 ** 20)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  onTestFinished(() => {
    client.close()
    server.forceShutdown()
  })
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      '/inference.GRPCInferenceService/ModelMetadata',
      (value: object) => encode('ModelMetadataRequest', value),
      (bytes: Buffer) => decode<object>('ModelMetadataResponse', bytes),
      { name: 'iris' },
      error => (error === null ? reject(new Error('it was answered')) : resolve(error)),
    )
    begun?.(call)
  })
}

test.each([
  ['<h1>gone</h1>', 404, status.NOT_FOUND, 'it answered 404: <h1>gone</h1>'],
  ['null', 503, status.UNAVAILABLE, 'it answered 503: null'],
  ['{"error": "no such model", "hint": "load it"}', 400, status.INVALID_ARGUMENT, 'no such model (load it)'],
  ['{"error": {"message": "no key", "hint": "send one"}}', 401, status.UNAUTHENTICATED, 'no key (send one)'],
])('whatever a server refuses with reaches the caller: %s', async (body, sent, code, details) => {
  expect(await refusal((_, response) => response.writeHead(sent, []).end(body))).toMatchObject({ code, details })
})

test('an answer that breaks off ends the call', async () => {
  const broken = await refusal((_, response) => {
    response.writeHead(200, [])
    response.write('{"na')
    response.destroy()
  })
  expect(broken.code).toBe(status.INTERNAL)
})

test('who handles a call is told when its caller has gone', async () => {
  let cancel: () => void = () => undefined
  let told: () => void = () => undefined
  const closed = new Promise<void>(resolve => {
    told = resolve
  })
  const ended = await refusal(
    (_, response) => {
      response.on('close', told)
      cancel()
    },
    call => {
      cancel = () => call.cancel()
    },
  )
  expect(ended.code).toBe(status.CANCELLED)
  await closed
})
