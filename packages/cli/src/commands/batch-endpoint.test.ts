import { type BatchDeployment, type BatchEndpoint, batchRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { jobOf } from '../testing/memory-jobs.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { withRoutes } from '../testing/with-routes.ts'

const time = '2026-11-26T03:00:00.000Z'
const creation_context = { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' }
const endpointOf = (more: Partial<BatchEndpoint> = {}): BatchEndpoint => ({
  id: 'e',
  name: 'scoring',
  tags: {},
  properties: {},
  auth_mode: 'aad_token',
  defaults: { deployment_name: 'blue' },
  location: 'local',
  provisioning_state: 'Succeeded',
  scoring_uri: 'http://127.0.0.1:1/jobs',
  etag: '1',
  creation_context,
  ...more,
})
const deploymentOf = (more: Partial<BatchDeployment> = {}): BatchDeployment => ({
  id: 'd',
  name: 'blue',
  endpoint_name: 'scoring',
  type: 'model',
  model: 'azureml:m:1',
  tags: {},
  properties: {},
  settings: { mini_batch_size: 10 },
  provisioning_state: 'Succeeded',
  revision: {
    revision_id: 'f'.repeat(16),
    endpoint: 'scoring',
    deployment: 'blue',
    created_at: time,
    created_by: 't',
  },
  etag: '1',
  creation_context,
  ...more,
})

describe('batch-endpoint', () => {
  const store = new MemoryStore()
  const cwd = folderWith({
    'data/a.csv': 'x\n1\n',
    'inputs.yml': 'inputs:\n  data: {type: uri_folder, path: data}\n  mode: {type: string, default: append}\n',
    'endpoint.yml': 'name: other\nauth_mode: aad_token\n',
  })
  const bodies: unknown[] = []
  const invoked = [
    ...store.routes,
    bind(batchRoutes.invoke, ({ params, body }) => {
      bodies.push({ endpoint: params.name, ...body })
      return jobOf({ name: 'brave_iron_1' })
    }),
  ]

  it('invoke uploads the input, changes settings for this time, and prints the name of the job', async () => {
    await withRoutes(
      invoked,
      async run => {
        const line = ['az', 'ml', 'batch-endpoint', 'invoke', '--name', 'scoring', '--input', 'data']
        const more = [
          '--mini-batch-size',
          '20',
          '--instance-count',
          '5',
          '--output-path',
          'azureml://datastores/d/paths/p',
        ]
        const set = ['--set', 'output_file_name=x.csv', 'outputs.score.name=scored']
        const { out, err } = await run(...line, ...more, ...set, '--query', 'name', '-o', 'tsv')
        expect([out, err]).toEqual(['brave_iron_1\n', ''])
        expect(bodies.pop()).toEqual({
          endpoint: 'scoring',
          inputs: { input: { type: 'uri_folder', path: expect.stringMatching(/^hagane:\/\/trees\//) } },
          outputs: { score: { path: 'azureml://datastores/d/paths/p', name: 'scored' } },
          settings: { mini_batch_size: 20, instance_count: 5, output_file_name: 'x.csv' },
        })
      },
      cwd,
    )
  })

  it('invoke reads inputs from a file, whose flag may be shortened', async () => {
    await withRoutes(
      invoked,
      async run => {
        await run('az', 'ml', 'batch-endpoint', 'invoke', '-n', 'scoring', '-d', 'green', '--f', 'inputs.yml')
        expect(bodies.pop()).toMatchObject({ deployment_name: 'green', inputs: { mode: { default: 'append' } } })
        const both = await run('batch-endpoint', 'invoke', '-n', 'scoring', '-f', 'inputs.yml', '--input', 'data')
        expect(both).toMatchObject({ code: 2, err: /--input or --file, not both/ })
        const unknown = await run('batch-endpoint', 'invoke', '-n', 'scoring', '--input', 'data', '--set', 'sizes=1')
        expect(unknown).toMatchObject({ code: 1, err: /unknown property 'sizes'/ })
        expect(await run('batch-endpoint', 'invoke', '-n', 'scoring', '--input', 'nope')).toMatchObject({ code: 1 })
        expect(bodies).toEqual([])
      },
      cwd,
    )
  })

  it('create takes its name from the flag, update chooses the default', async () => {
    const routes = [
      bind(batchRoutes.create, ({ body }) => endpointOf({ name: body.name })),
      bind(batchRoutes.show, () => endpointOf()),
      bind(batchRoutes.update, ({ body }) =>
        endpointOf({ defaults: { deployment_name: String(body.defaults?.deployment_name) } }),
      ),
    ]
    await withRoutes(
      routes,
      async run => {
        const created = await run('batch-endpoint', 'create', '-n', 'scoring', '-f', 'endpoint.yml', '--query', 'name')
        expect(created.out).toBe('"scoring"\n')
        const set = ['--set', 'defaults.deployment_name=green', '--query', 'defaults.deployment_name', '-o', 'tsv']
        expect((await run('batch-endpoint', 'update', '--name', 'scoring', ...set)).out).toBe('green\n')
        expect(await run('batch-endpoint', 'create')).toMatchObject({ code: 2, err: /--file or --name/ })
        expect(await run('batch-endpoint', 'update', '-n', 'scoring')).toMatchObject({
          code: 2,
          err: /nothing to update/,
        })
      },
      cwd,
    )
  })

  it('lists jobs of an endpoint or of one of its deployments', async () => {
    const asked: unknown[] = []
    const list = bind(batchRoutes.listJobs, ({ query }) => {
      asked.push(query.deployment_name)
      return { items: [jobOf({ name: 'a' }), jobOf({ name: 'b' })] }
    })
    await withRoutes([list], async run => {
      expect((await run('batch-endpoint', 'list-jobs', '-n', 's', '--query', '[].name', '-o', 'tsv')).out).toBe(
        'a\nb\n',
      )
      await run('batch-deployment', 'list-jobs', '-n', 'blue', '--endpoint', 's')
      expect(asked).toEqual([undefined, 'blue'])
    })
  })
})

describe('batch-deployment', () => {
  it('create sends what the file says and whether it becomes the default; update changes the rest of it', async () => {
    const cwd = folderWith({ 'd.yml': 'name: blue\nendpoint_name: other\nmodel: azureml:m@latest\n' })
    const asked: unknown[] = []
    const routes = [
      bind(batchRoutes.createDeployment, ({ params, query, body }) => {
        asked.push({ ...params, ...query, body })
        return deploymentOf()
      }),
      bind(batchRoutes.showDeployment, () => deploymentOf()),
    ]
    await withRoutes(
      routes,
      async run => {
        await run('batch-deployment', 'create', '--endpoint', 'scoring', '-f', 'd.yml', '--set-default')
        await run('batch-deployment', 'update', '-n', 'blue', '-e', 'scoring', '--set', 'settings.mini_batch_size=3')
        expect(asked).toMatchObject([
          { name: 'scoring', deployment: 'blue', set_default: true, body: { model: 'azureml:m@latest' } },
          { deployment: 'blue', set_default: false, body: { model: 'azureml:m:1', settings: { mini_batch_size: 3 } } },
        ])
        const refused = await run('batch-deployment', 'update', '-n', 'blue', '-e', 'scoring', '--set', 'name=x')
        expect(refused).toMatchObject({ code: 2, err: /'name' cannot be changed/ })
      },
      cwd,
    )
  })
})
