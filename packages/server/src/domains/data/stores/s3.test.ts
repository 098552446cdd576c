import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { pythonWith } from '@hagane/testkit'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openS3 } from './s3.ts'

const MINUTES = 60_000
const keys = { access_key_id: 'id', secret_access_key: 'secret' }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Against moto, a server that speaks S3; it installs packages from the index, so it runs when HAGANE_TEST_S3 is set. */
describe.runIf(process.env.HAGANE_TEST_S3)('S3', () => {
  let stop = () => {}
  let endpoint = ''
  beforeAll(async () => {
    const python = await pythonWith(['moto[s3]==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5'])
    const port = await freePort()
    endpoint = `http://127.0.0.1:${port}`
    const server = spawn(join(dirname(python), 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    })
    stop = () => server.kill('SIGKILL')
    for (let up = false; !up && server.exitCode === null; )
      up = await fetch(endpoint).then(
        () => true,
        () => pause(100, false),
      )
    const admin = new AwsClient({ accessKeyId: 'id', secretAccessKey: 'secret', service: 's3', region: 'us-east-1' })
    expect((await admin.fetch(`${endpoint}/flights`, { method: 'PUT' })).status).toBe(200)
  }, 10 * MINUTES)
  afterAll(() => stop())

  const store = (more: object = {}) =>
    openS3(
      {
        name: 's',
        type: 's3',
        bucket: 'flights',
        region: 'us-east-1',
        prefix: '',
        endpoint,
        credentials: keys,
        ...more,
      },
      true,
    )
  const listed = async (prefix: string) => {
    const found = []
    for await (const object of store().list?.(prefix) ?? []) found.push(object)
    return found
  }

  it('gives back what was written, under keys of every kind', async () => {
    const odd = ['a/plain.csv', 'a/with space+plus.csv', "a/it's (odd)!*.csv", 'a/日本語 & <x>.csv', 'b/other.csv']
    for (const key of odd) await store().put(key, Buffer.byteLength(key), () => Readable.from(Buffer.from(key)))
    for (const key of odd) expect(await text(await store().open(key))).toBe(key)
    const found = await listed('a/')
    expect(found.map(({ key }) => key).sort()).toEqual(odd.slice(0, 4).sort())
    expect(found.find(({ key }) => key === 'a/plain.csv')?.size).toBe(11)
  })
  it(
    'lists more than one page',
    async () => {
      const names = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`)
      const queue = [...names]
      const worker = async () => {
        for (let key = queue.pop(); key !== undefined; key = queue.pop())
          await store().put(key, 1, () => Readable.from(Buffer.from('x')))
      }
      await Promise.all(Array.from({ length: 8 }, worker))
      expect((await listed('many/')).map(({ key }) => key)).toEqual(names)
    },
    MINUTES,
  )
  it('says what is missing, and where it may not go', async () => {
    await expect(store().open('gone')).rejects.toMatchObject({ kind: 'not_found' })
    await expect(store({ bucket: 'nobody' }).open('x')).rejects.toMatchObject({ kind: 'not_found' })
    const guarded = openS3({ name: 's', type: 's3', bucket: 'flights', region: 'r', prefix: '', endpoint }, false)
    await expect(guarded.open('x')).rejects.toThrow('private address')
    await expect(store().put('big', 6 * 2 ** 30, () => Readable.from([]))).rejects.toMatchObject({ kind: 'too_large' })
  })
})
