import { computeRoutes } from '@hagane/contract'
import { eachDialect } from '@hagane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildHttp } from '../../kernel/http/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildCompute } from './index.ts'

// the driver is built but no step is run here; local-driver.test.ts runs them
const blobs = {} as BlobStore

eachDialect('compute', database => {
  const build = () => buildCompute({ db: database.db(), blobs })
  const send = async (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object) => {
    const http = buildHttp(build().routes, {
      db: database.db(),
      log: buildLog('silent'),
      authenticate: async () => ({ actor: 'local:tester', can: () => true }),
      bodyLimit: 2 ** 20,
      allowedHosts: [],
    })
    const answer = await http.inject({ method, url, ...(body === undefined ? {} : { payload: body }) })
    return { status: answer.statusCode, body: answer.json() }
  }
  const path = computeRoutes.list.path
  beforeEach(async () => {
    for (const { name, type } of (await send('GET', path)).body.items) {
      if (type !== 'local') await send('DELETE', `${path}/${name}`)
    }
  })

  describe('a named compute', () => {
    const cluster = {
      $schema: 'https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json',
      name: 'cpu-cluster',
      type: 'amlcompute',
      size: 'STANDARD_DS3_v2',
      min_instances: 0,
      max_instances: 4,
      idle_time_before_scale_down: 120,
      tier: 'dedicated',
      tags: { team: 'ml' },
    }
    it('is kept with the sizes and limits of its YAML, and runs on this machine', async () => {
      const created = await send('POST', path, cluster)
      expect(created.status).toBe(201)
      expect(created.body).toMatchObject({
        id: 'azureml:cpu-cluster',
        type: 'amlcompute',
        size: 'STANDARD_DS3_v2',
        min_instances: 0,
        max_instances: 4,
        idle_time_before_scale_down: 120,
        tags: { team: 'ml' },
        driver: 'local',
        provisioning_state: 'Succeeded',
        creation_context: { created_by: 'local:tester' },
      })
      expect((await send('GET', `${path}/cpu-cluster`)).body).toEqual(created.body)
    })
    it('is replaced by a second create, which keeps who made it first', async () => {
      const first = await send('POST', path, cluster)
      const second = await send('POST', path, { name: 'cpu-cluster', max_instances: 8 })
      expect(second.body).toMatchObject({ max_instances: 8, type: 'amlcompute' })
      expect(second.body.size).toBeUndefined()
      expect(second.body.creation_context.created_at).toBe(first.body.creation_context.created_at)
    })
    it('is listed in its own workspace only, after the built-in ones', async () => {
      await send('POST', path, cluster)
      const names = async (url: string) =>
        (await send('GET', url)).body.items.map((item: { name: string }) => item.name)
      expect(await names(path)).toEqual(['local', 'serverless', 'cpu-cluster'])
      expect(await names(`/ws/other${path}`)).toEqual(['local', 'serverless'])
    })
    it('is forgotten by delete, and both changes are events', async () => {
      await send('POST', path, cluster)
      expect((await send('DELETE', `${path}/cpu-cluster`)).body).toEqual({ ok: true })
      expect((await send('GET', `${path}/cpu-cluster`)).status).toBe(404)
      expect((await send('DELETE', `${path}/cpu-cluster`)).status).toBe(404)
      const events = await eventsAfter(database.db(), 0, 1000, { subject: 'compute/cpu-cluster' })
      const types = events.map(event => event.type)
      expect(types).toContain('dev.hagane.compute.changed')
      expect(types).toContain('dev.hagane.compute.deleted')
    })
  })

  it.each(['local', 'serverless'])('%s is this machine, always there and not to be changed', async name => {
    expect((await send('GET', `${path}/${name}`)).body).toMatchObject({ name, type: 'local', driver: 'local' })
    expect((await send('POST', path, { name })).status).toBe(409)
    expect((await send('DELETE', `${path}/${name}`)).status).toBe(409)
  })

  it.each([
    ['no name', {}],
    ['a name with a slash', { name: 'a/b' }],
    ['a limit below one', { name: 'x', max_instances: 0 }],
    ['a limit that is text', { name: 'x', max_instances: 'many' }],
  ])('a compute with %s is refused', async (_, body) => {
    expect((await send('POST', path, body)).status).toBe(400)
  })

  it('a job may name any compute, but not anything', async () => {
    for (const name of ['cpu-cluster', 'gpu_1', 'serverless', '<COMPUTE>']) {
      await expect(build().require('default', name)).resolves.toBeUndefined()
    }
    for (const name of ['', 'a b', '../x', 'a/b', 'x\n']) {
      await expect(build().require('default', name)).rejects.toMatchObject({ kind: 'invalid' })
    }
  })
})
