import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

let app: TestApp
beforeAll(async () => {
  app = await buildTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

const get = (path: string) => fetch(`${app.url}${path}`)

it('answers the schema of each kind of YAML under a stable address', async () => {
  const { items } = (await (await get('/schemas')).json()) as { items: { name: string; url: string }[] }
  expect(items.map(({ name }) => name)).toContain('job.schema.json')
  for (const { url } of items) {
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toContain('application/schema+json')
    expect(await answer.json()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' })
  }
})

it("knows Azure ML's names of them", async () => {
  const own = await (await get('/schemas/job.schema.json')).text()
  expect(await (await get('/schemas/pipelineJob.schema.json')).text()).toBe(own)
  expect(await (await get('/schemas/commandJob.schema.json')).text()).toBe(own)
})

it('refuses what is no schema, also a path out of the folder', async () => {
  for (const file of ['nothing.schema.json', '..%2fpackage.json'])
    expect((await get(`/schemas/${file}`)).status, file).not.toBe(200)
  const answer = await get('/schemas/jobs.schema.json')
  expect(answer.status).toBe(404)
  expect(JSON.stringify(await answer.json())).toContain('job.schema.json')
})
