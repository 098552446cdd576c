import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OpenLineageEvent, openLineageEvent, openLineageRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { expect, it, vi } from 'vitest'

const tree = 'c'.repeat(64)

/** A training job as the jobs domain tells of it, and one that fails. */
async function tellOfJobs({ app: { db } }: TestApp): Promise<void> {
  const tell = (type: string, subject: string, data: Record<string, unknown>) =>
    db.withTransaction({ workspace: 'default', actor: 'user:alice' }, async tx => {
      tx.append({ type: `dev.hagane.${type}`, subject, data })
    })
  const rows = { kind: 'content', asset: 'azureml:flights-raw:3', tree, type: 'uri_file' }
  const submitted = { name: 'train-1', type: 'command', experiment: 'flights', inputs: { rows } }
  await tell('job.submitted', 'job/train-1', submitted)
  await tell('job.starting', 'job/train-1', { name: 'train-1' })
  await tell('job.running', 'job/train-1', { name: 'train-1' })
  await tell('model.version-created', 'model/flights:1', { name: 'flights', version: '1', tree, job_name: 'train-1' })
  await tell('job.completed', 'job/train-1', { name: 'train-1', exit_code: 0 })
  await tell('job.submitted', 'job/bad', {
    name: 'bad',
    type: 'command',
    experiment: 'flights',
    parent: 'p',
    step: 's',
  })
  await tell('job.failed', 'job/bad', { name: 'bad', message: 'no such file' })
}

const told = (events: OpenLineageEvent[]) => events.map(({ eventType, job }) => [eventType, job.name])
const expected = [
  ['START', 'flights'],
  ['COMPLETE', 'flights'],
  ['FAIL', 'flights.s'],
]

eachDialect('OpenLineage', database => {
  it('tells of jobs as run events with inputs and outputs, each time the same', async () => {
    await using server = await buildTestApp({ settings: { database: database.location() } })
    await tellOfJobs(server)
    const read = async () => {
      const response = await server.client.raw(openLineageRoutes.export, { query: {} })
      const lines = (await response.text()).trim().split('\n')
      return lines.map(line => openLineageEvent.parse(JSON.parse(line)))
    }
    const events = await read()
    expect(told(events)).toEqual(expected)
    const version = { version: expect.objectContaining({ datasetVersion: '3' }) }
    expect(events[1]?.inputs).toEqual([{ namespace: 'hagane://default', name: 'data/flights-raw', facets: version }])
    expect(events[1]?.outputs).toMatchObject([{ name: 'model/flights' }])
    expect(events[0]?.run.runId).toBe(events[1]?.run.runId)
    expect(events[2]?.run.facets).toMatchObject({
      parent: { job: { name: 'p' } },
      errorMessage: { message: 'no such file' },
    })
    expect(await read()).toEqual(events)
  })
})

it('events are POSTed to a receiver until it takes them, in order', async () => {
  const taken: OpenLineageEvent[] = []
  let refusals = 2
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const isDown = refusals-- > 0
    if (!isDown) taken.push(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(isDown ? 503 : 201).end()
  })
  await new Promise<void>(resolve => void receiver.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/v1/lineage`
  try {
    const settings = { openlineage_url: url, allow_private_urls: true, log_level: 'silent' }
    await using server = await buildTestApp({ settings })
    await tellOfJobs(server)
    await vi.waitFor(() => expect(told(taken)).toEqual(expected), { timeout: 60_000 })
  } finally {
    receiver.close()
  }
})
