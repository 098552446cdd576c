import { dataProfileRoutes, dataRoutes, dataValidationRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'

eachDialect('tables of data assets', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const upload = async (files: Record<string, string>, path = ''): Promise<string> => {
    const blobs = openFileStore(app.dir)
    const entries = Object.entries(files).map(async ([name, text]) => ({
      path: name,
      ...(await blobs.put(Buffer.from(text))),
    }))
    const { digest } = await blobs.putTree(await Promise.all(entries))
    return `hagane://trees/${digest}${path === '' ? '' : `/${path}`}`
  }
  const create = async (
    name: string,
    type: 'uri_file' | 'uri_folder' | 'mltable',
    files: Record<string, string>,
    path = '',
  ) => app.client.call(dataRoutes.create, { body: { name, type, path: await upload(files, path) } })
  const ask = (name: string, version = '1', refresh?: 'true') =>
    app.client.call(dataProfileRoutes.profile, {
      params: { name, version },
      ...(refresh ? { query: { refresh } } : {}),
    })
  const profileOf = async (name: string) => {
    await expect.poll(async () => (await ask(name)).status, { timeout: 120_000 }).not.toBe('pending')
    return ask(name)
  }

  describe('a profile', () => {
    it('is made in the background when a table is created, kept, and told by an event', async () => {
      await create('people', 'uri_file', { 'people.csv': 'id,age\n1,20\n2,\n' }, 'people.csv')
      expect(await profileOf('people')).toMatchObject({
        status: 'ready',
        profile: {
          rows: 2,
          columns: [
            { name: 'id', type: 'integer' },
            { name: 'age', nulls: 1 },
          ],
        },
      })
      const events = await database.db().reads.selectFrom('events').select(['type', 'subject', 'data']).execute()
      const told = events.filter(event => event.type === 'dev.hagane.data.profiled')
      expect(told).toMatchObject([{ subject: 'data/people:1' }])
      expect(JSON.parse(String(told[0]?.data))).toMatchObject({
        rows: 2,
        columns: [{ name: 'id' }, { name: 'age', nulls: 1 }],
      })
    })
    it('reads a table as its MLTable file says', async () => {
      const mltable =
        'paths:\n- pattern: ./**/*.csv\ntransformations:\n- read_delimited:\n    delimiter: ";"\n- extract_columns_from_partition_format:\n    partition_format: "{year}/x.csv"\n'
      await create('parts', 'mltable', { MLTable: mltable, '2023/x.csv': 'a;b\n1;2\n', '2024/x.csv': 'a;b\n3;4\n' })
      expect((await profileOf('parts')).profile).toMatchObject({
        rows: 2,
        columns: [{ name: 'a' }, { name: 'b' }, { name: 'year', distinct: 2 }],
      })
    })
    it('of a folder is made when it is asked for, and again when that is wanted', async () => {
      await create('folder', 'uri_folder', { 'a.csv': 'x\n1\n', 'b.csv': 'x\n2\n' })
      expect((await ask('folder')).status).toBe('pending')
      expect((await profileOf('folder')).profile?.rows).toBe(2)
      expect((await ask('folder', '1', 'true')).status).toBe('pending')
      expect((await profileOf('folder')).profile?.rows).toBe(2)
    })
    it('says why there is none, and the server lives on', async () => {
      await create('bad', 'uri_file', { 'bad.parquet': 'PAR1 not really PAR1' }, 'bad.parquet')
      const { status, error } = await profileOf('bad')
      expect(status).toBe('failed')
      expect(error).toMatch(/parquet/i)
      expect(error).not.toContain(app.dir)
      await expect(ask('nobody')).rejects.toMatchObject({ kind: 'not_found' })
    })
  })

  it('are compared by version', async () => {
    await create('moving', 'uri_file', { 'a.csv': 'id,v\n1,a\n2,b\n' }, 'a.csv')
    await create('moving', 'uri_file', { 'a.csv': 'id,v\n1,a\n2,c\n' }, 'a.csv')
    const body = { left: 'azureml:moving:1', right: 'azureml:moving:2', key: ['id'] }
    expect(await app.client.call(dataProfileRoutes.diff, { body })).toMatchObject({
      left: { name: 'azureml:moving:1' },
      rows: { changed: 1, unchanged: 1 },
      changed_columns: { v: 1 },
    })
    await expect(
      app.client.call(dataProfileRoutes.diff, { body: { ...body, key: ['v', 'nope'] } }),
    ).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ property: 'key', sent: 'nope' }],
    })
    await expect(
      app.client.call(dataProfileRoutes.diff, { body: { ...body, right: './here.csv' } }),
    ).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('are checked against expectations, with another version as reference', async () => {
    await create('checked', 'uri_file', { 'a.csv': 'x\n1\n2\n3\n' }, 'a.csv')
    const expectations = { reference: 'azureml:checked:1', columns: { x: { max: 2, drift: { ks: 0.1 } } } }
    const report = await app.client.call(dataValidationRoutes.validate, {
      body: { data: 'azureml:checked:1', expectations },
    })
    expect(report).toMatchObject({ passed: false, rows: 3, reference: 'azureml:checked:1' })
    expect(report.results).toMatchObject([
      { column: 'x', expectation: 'max', passed: false, failing_rows: 1, examples: [{ 'row number': 3, x: 3 }] },
      { column: 'x', expectation: 'drift ks', passed: true },
    ])
    await expect(
      app.client.call(dataValidationRoutes.validate, {
        body: { data: 'azureml:checked:1', expectations: { columns: { x: { mn: 1 } } as never } },
      }),
    ).rejects.toMatchObject({ kind: 'invalid' })
  })
})
