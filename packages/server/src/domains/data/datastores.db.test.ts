import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DatastoreSpec, dataRoutes, datastoreRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SECRET = 'c2VjcmV0LXRoYXQtbXVzdC1zdGF5LXNlY3JldA=='
const blob = (more: object = {}) =>
  ({
    name: 'flights',
    type: 'azure_blob',
    account_name: 'mytestblobstore',
    container_name: 'data-container',
    credentials: { account_key: SECRET },
    ...more,
  }) as unknown as DatastoreSpec

eachDialect('datastores', database => {
  let app: TestApp
  const asked: (string | undefined)[] = []
  const web = createServer((request, response) => {
    asked.push(request.headers.authorization)
    if (request.headers.authorization !== 'Bearer let-me-in') return response.writeHead(401).end()
    if (request.url !== '/files/a%20b.csv') return response.writeHead(404).end()
    return response.end('x\n1\n')
  })
  let webUrl = ''
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location(), allow_private_urls: true } })
    await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
    const address = web.address()
    webUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/files/`
  })
  afterAll(async () => {
    web.close()
    await app[Symbol.asyncDispose]()
  })
  const put = (body: DatastoreSpec) => app.client.call(datastoreRoutes.put, { body })
  const asset = (path: string, type: 'uri_file' | 'uri_folder' = 'uri_file') =>
    app.client.call(dataRoutes.create, { body: { name: 'd', type, path } })

  describe('credentials', () => {
    it('are stored encrypted, and told to nobody', async () => {
      const made = await put(blob())
      expect(made).toMatchObject({ type: 'azure_blob', account_name: 'mytestblobstore', credentials: 'account_key' })
      const shown = await app.client.call(datastoreRoutes.show, { params: { name: 'flights' } })
      const listed = await app.client.call(datastoreRoutes.list)
      const { reads } = database.db()
      const rows = await reads
        .selectFrom('datastores' as never)
        .selectAll()
        .execute()
      const events = await reads.selectFrom('events').selectAll().execute()
      expect(JSON.stringify([made, shown, listed, rows, events])).not.toContain(SECRET)
      expect(rows).toHaveLength(1)
      expect(events.map(({ type }) => type)).toContain('dev.hagane.datastore.created')
    })
    it('are replaced by creating the datastore again', async () => {
      expect(await put(blob({ credentials: { sas_token: '?sv=1&sig=2' } }))).toMatchObject({ credentials: 'sas_token' })
      expect((await put(blob({ credentials: undefined }))).credentials).toBeUndefined()
    })
  })

  describe('that cannot be read here', () => {
    it.each([
      [{ name: 'f', type: 'azure_file', account_name: 'a', file_share_name: 's' }, 'local'],
      [{ name: 'g', type: 'azure_data_lake_gen1', store_name: 's' }, 'blob container'],
      [{ name: 'g', type: 'azure_data_lake_gen2', account_name: 'a', filesystem: 's' }, 'azure_blob'],
      [blob({ credentials: { tenant_id: 't', client_id: 'c', client_secret: 's' } }), 'sas_token'],
    ])('are refused with the nearest way: %j', async (spec, hint) => {
      await expect(put(spec as DatastoreSpec)).rejects.toMatchObject({
        kind: 'unsupported',
        hint: expect.stringContaining(hint),
      })
    })
    it('are refused: a folder with the data of the server, and the names every workspace has', async () => {
      const local = (path: string, name = 'l') => put({ name, type: 'local', path } as DatastoreSpec)
      for (const path of [app.dir, join(app.dir, 'blobs'), '/', 'relative'])
        await expect(local(path)).rejects.toMatchObject({ kind: 'invalid' })
      await expect(local(tmpdir(), 'workspaceblobstore')).rejects.toMatchObject({ kind: 'conflict' })
    })
    it('are refused with what is wrong: names, types and properties', async () => {
      await expect(put(blob({ account_name: 'UPPER' }))).rejects.toMatchObject({ kind: 'invalid' })
      await expect(put(blob({ conainer: 'x' }))).rejects.toMatchObject({ kind: 'invalid' })
    })
  })

  it('of type local are folders of the server: files keep their names, listings are in order', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hagane-store-'))
    for (const name of ['b.csv', 'a.csv', 'B.csv']) writeFileSync(join(folder, name), name)
    await put({ name: 'here', type: 'local', path: folder } as DatastoreSpec)
    expect(await asset('azureml://datastores/here/paths/a.csv')).toMatchObject({
      type: 'uri_file',
      size: 5,
      file_count: 1,
    })
    expect(await asset('azureml://datastores/here/paths/', 'uri_folder')).toMatchObject({ file_count: 3 })
    await expect(asset('azureml://datastores/here/paths/gone.csv')).rejects.toMatchObject({ kind: 'not_found' })
    await expect(asset('azureml://datastores/here/paths/../x')).rejects.toMatchObject({ kind: 'invalid' })
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('a.csv')
  })

  it('of type https read files with their token, and have no listings', async () => {
    await put({
      name: 'web',
      type: 'https',
      endpoint: webUrl,
      credentials: { bearer_token: 'let-me-in' },
    } as DatastoreSpec)
    expect(await asset('azureml://datastores/web/paths/a b.csv')).toMatchObject({ size: 4 })
    expect(asked.at(-1)).toBe('Bearer let-me-in')
    await expect(asset('azureml://datastores/web/paths/gone.csv')).rejects.toMatchObject({ kind: 'not_found' })
    await expect(asset('azureml://datastores/web/paths/', 'uri_folder')).rejects.toMatchObject({ kind: 'unsupported' })
    await put({ name: 'web', type: 'https', endpoint: webUrl } as DatastoreSpec)
    await expect(asset('azureml://datastores/web/paths/a b.csv')).rejects.toMatchObject({ kind: 'forbidden' })
  })

  it('are deleted, and a name that is gone says which there are', async () => {
    await app.client.call(datastoreRoutes.delete, { params: { name: 'web' } })
    await expect(asset('azureml://datastores/web/paths/a.csv')).rejects.toMatchObject({
      kind: 'not_found',
      hint: expect.stringContaining('workspaceblobstore'),
    })
    await expect(app.client.call(datastoreRoutes.delete, { params: { name: 'web' } })).rejects.toMatchObject({
      kind: 'not_found',
    })
  })
})
