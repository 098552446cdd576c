import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

/** Sends the path as it is, where `fetch` would resolve the dots itself; status and code of the answer. */
async function sendRaw(url: string, method: string, path: string): Promise<[number | undefined, unknown]> {
  const { hostname, port } = new URL(url)
  const sent = request({ hostname, port, method, path }).end(method === 'PUT' ? 'x' : undefined)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const body = JSON.parse(await text(answer)) as { error_code?: unknown }
  return [answer.statusCode, body.error_code]
}

eachDialect('artifacts', database => {
  let app: TestApp
  let mlflow: MlflowApi
  let run: string
  let root: string
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
  })
  afterAll(() => app[Symbol.asyncDispose]())
  const newRun = async () => {
    run = await mlflow.run()
    root = `0/${run}/artifacts`
  }
  const proxied = async (path: string) =>
    (await mlflow.request('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(path)}`)).body

  it('come back as they were sent, whatever their name and type', async () => {
    await newRun()
    const names = ['a.txt', 'dir with space/ü+%.txt', 'a%20b', 'x#y?z', '日本/語.json', 'empty']
    for (const name of names) {
      const content = name === 'empty' ? '' : `{"name": "${name}"`
      expect(await mlflow.put(`${root}/${name}`, content, 'application/json')).toMatchObject({ status: 200, body: {} })
      const answer = await mlflow.fetch(`${root}/${name}`)
      expect(answer.bytes.toString()).toBe(content)
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment/)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('content-security-policy')).toBe('sandbox')
    }
    const listed = await mlflow.get('artifacts/list', { run_id: run })
    expect(listed).toMatchObject({
      root_uri: `mlflow-artifacts:/${root}`,
      files: expect.arrayContaining([
        { path: 'a%20b', is_dir: false, file_size: 16 },
        { path: 'dir with space', is_dir: true },
        { path: 'empty', is_dir: false },
        { path: '日本', is_dir: true },
      ]),
    })
    expect(listed.files).toHaveLength(6)
  })

  it('are listed folder by folder, by name, with paths as each call wants them', async () => {
    await newRun()
    for (const name of ['b/2', 'b/1', 'b/sub/deep/x', 'b0', 'b-', 'a']) await mlflow.put(`${root}/${name}`, 'x')
    expect(await proxied(root)).toEqual({
      files: [
        { path: 'a', is_dir: false, file_size: 1 },
        { path: 'b-', is_dir: false, file_size: 1 },
        { path: 'b', is_dir: true },
        { path: 'b0', is_dir: false, file_size: 1 },
      ],
    })
    expect(await proxied(`${root}/b`)).toEqual({
      files: [
        { path: '1', is_dir: false, file_size: 1 },
        { path: '2', is_dir: false, file_size: 1 },
        { path: 'sub', is_dir: true },
      ],
    })
    expect(await mlflow.get('artifacts/list', { run_id: run, path: 'b/sub' })).toMatchObject({
      files: [{ path: 'b/sub/deep', is_dir: true }],
    })
    expect(await proxied(`${root}/a`)).toEqual({})
    expect(await proxied(`${root}/none`)).toEqual({})
    expect(await mlflow.get('artifacts/list', { run_id: run, path: 'none' })).toEqual({
      root_uri: `mlflow-artifacts:/${root}`,
    })
  })

  it('are replaced by another upload and removed with all below', async () => {
    await newRun()
    await mlflow.put(`${root}/f`, 'one')
    await mlflow.put(`${root}/f`, 'two')
    expect((await mlflow.fetch(`${root}/f`)).bytes.toString()).toBe('two')
    for (const name of ['d/1', 'd/e/2', 'd0']) await mlflow.put(`${root}/${name}`, 'x')
    for (const status of [200, 200])
      expect(await mlflow.request('DELETE', `/api/2.0/mlflow-artifacts/artifacts/${root}/d`)).toMatchObject({ status })
    expect(await proxied(root)).toMatchObject({ files: [{ path: 'd0' }, { path: 'f' }] })
    expect(await mlflow.fetch(`${root}/d/1`)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    })
    const deleted = await eventsAfter(database.db(), 0, 100, { type: 'dev.hagane.artifact.deleted' })
    expect(deleted.map(event => JSON.parse(event.data))).toContainEqual({ path: `${root}/d`, files: 2 })
  })

  it('may not be a file and a folder at once', async () => {
    await newRun()
    await mlflow.put(`${root}/x`, '1')
    await mlflow.put(`${root}/y/z`, '1')
    for (const name of ['x/below', 'y'])
      expect(await mlflow.put(`${root}/${name}`, '2')).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      })
  })

  it('are read in part', async () => {
    await newRun()
    await mlflow.put(`${root}/r`, '0123456789')
    const part = await mlflow.fetch(`${root}/r`, { range: 'bytes=2-4' })
    expect([part.status, part.bytes.toString(), part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    expect((await mlflow.fetch(`${root}/r`, { range: 'bytes=-3' })).bytes.toString()).toBe('789')
    expect(await mlflow.fetch(`${root}/r`, { range: 'bytes=20-' })).toMatchObject({ status: 400 })
  })

  it('of many megabytes pass through whole', async () => {
    await newRun()
    const large = Buffer.alloc(20 * 2 ** 20, 'hagane')
    expect(await mlflow.put(`${root}/large`, large)).toMatchObject({ status: 200 })
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(digest((await mlflow.fetch(`${root}/large`)).bytes)).toBe(digest(large))
  })

  it.each([
    '..',
    '0/r/../../x',
    '%2e%2e/x',
    'a/%2e%2e/b',
    '%252e%252e%252fb',
    'a%5C..%5Cb',
    'a%00',
    'C:/x',
    '%2Fetc',
    'a//b',
  ])('refuse the path %s', async path => {
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await sendRaw(app.url, method, `/api/2.0/mlflow-artifacts/artifacts/${path}`)).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
      ])
  })

  it('tell clients to fall back from what is not offered', async () => {
    expect(
      await mlflow.request('POST', '/api/2.0/mlflow-artifacts/mpu/create/0/r/x', { path: 'x', num_parts: 2 }),
    ).toMatchObject({ status: 501, body: { error_code: 'NOT_IMPLEMENTED' } })
    expect(await mlflow.request('GET', '/api/2.0/mlflow-artifacts/presigned/0/r/x')).toMatchObject({ status: 501 })
  })

  describe('for the web UI', () => {
    it('are downloaded by run and uploaded up to 10 MB', async () => {
      await newRun()
      await mlflow.put(`${root}/a/b.html`, '<script>1</script>')
      const answer = await mlflow.request('GET', `/get-artifact?run_uuid=${run}&path=a/b.html`)
      expect([
        answer.bytes.toString(),
        answer.headers.get('content-type'),
        answer.headers.get('content-disposition'),
      ]).toEqual(['<script>1</script>', 'application/octet-stream', "attachment; filename*=UTF-8''b.html"])
      const upload = (query: string, body: Buffer) =>
        mlflow.request('POST', `/ajax-api/2.0/mlflow/upload-artifact?${query}`, body, {
          'content-type': 'application/json',
        })
      expect(await upload(`run_uuid=${run}&path=up/load.json`, Buffer.from('{'))).toMatchObject({ status: 200 })
      expect((await mlflow.fetch(`${root}/up/load.json`)).bytes.toString()).toBe('{')
      expect(await upload(`path=x`, Buffer.from('x'))).toMatchObject({
        status: 400,
        body: { message: 'Request must specify run_uuid.' },
      })
      expect(await upload(`run_uuid=${run}&path=x`, Buffer.alloc(10 * 2 ** 20 + 1))).toMatchObject({
        status: 400,
        body: { message: 'Artifact size is too large. Max size is 10MB.' },
      })
    })
  })

  it('at a foreign location are left to the client', async () => {
    const { experiment_id } = await mlflow.post('experiments/create', {
      name: `s3 ${root}`,
      artifact_location: 's3://bucket/p?x=1',
    })
    const foreign = await mlflow.run({ experiment_id })
    const uri = `s3://bucket/p/${foreign}/artifacts?x=1`
    expect(await mlflow.get('artifacts/list', { run_id: foreign })).toEqual({ root_uri: uri })
    expect(await mlflow.request('GET', `/get-artifact?run_id=${foreign}&path=a`)).toMatchObject({ status: 400 })
    expect(
      await mlflow.refused('POST', 'experiments/create', { name: 'bad', artifact_location: 's3://b/../c' }),
    ).toMatchObject({ status: 400 })
  })
})
