import { endpointRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { deploymentOf } from '../testing/online-things.ts'
import { withRoutes } from '../testing/with-routes.ts'

describe('online-deployment', () => {
  const store = new MemoryStore()
  const yaml = 'name: blue\nendpoint_name: flights\nmodel: {path: model}\n'
  const cwd = folderWith({ 'blue.yml': yaml, 'model/MLmodel': 'm' })

  it('create uploads the model, waits until it serves and tells each state', async () => {
    const asked: unknown[] = []
    let shown = 0
    const routes = [
      ...store.routes,
      bind(endpointRoutes.createDeployment, ({ params, query, body }) => {
        asked.push({ params, query, model: body.model })
        return deploymentOf({ provisioning_state: 'Creating' })
      }),
      bind(endpointRoutes.showDeployment, () => {
        shown += 1
        return deploymentOf({ provisioning_state: shown < 2 ? 'Creating' : 'Succeeded' })
      }),
    ]
    await withRoutes(
      routes,
      async run => {
        const { code, err, out } = await run('online-deployment', 'create', '-f', 'blue.yml', '--all-traffic')
        expect([code, err, JSON.parse(out).provisioning_state]).toEqual([0, 'flights/blue Creating\n', 'Succeeded'])
        expect(asked).toMatchObject([
          { params: { name: 'flights', deployment: 'blue' }, query: { all_traffic: true }, model: { path: /hagane:/ } },
        ])
      },
      cwd,
    )
  })

  it('create shows why it does not serve', async () => {
    const error = { message: 'init() failed', log_tail: ['Traceback', 'KeyError'] }
    const failed = () => deploymentOf({ provisioning_state: 'Failed', error })
    await withRoutes(
      [...store.routes, bind(endpointRoutes.createDeployment, failed)],
      async run => {
        expect(await run('online-deployment', 'create', '-f', 'blue.yml')).toEqual({
          code: 1,
          out: '',
          err: `error: blue does not serve: init() failed
  Traceback
  KeyError
hint: hagane online-deployment get-logs -e flights -n blue
`,
        })
      },
      cwd,
    )
  })

  it('update changes the number of instances and keeps the rest', async () => {
    const bodies: unknown[] = []
    const routes = [
      bind(endpointRoutes.showDeployment, () => deploymentOf({ environment_variables: { A: '1' } })),
      bind(endpointRoutes.createDeployment, ({ body }) => {
        bodies.push(body)
        return deploymentOf()
      }),
    ]
    await withRoutes(routes, async run => {
      await run('online-deployment', 'update', '-e', 'flights', '-n', 'blue', '--instance-count', '4')
      await run('online-deployment', 'update', '-e', 'flights', '-n', 'blue', '--set', 'environment_variables.B=2')
      expect(bodies).toMatchObject([
        { instance_count: 4, model: 'azureml:flights:3', environment_variables: { A: '1' } },
        { instance_count: 1, environment_variables: { A: '1', B: 2 } },
      ])
      const refused = await run('online-deployment', 'update', '-e', 'flights', '-n', 'blue', '--set', 'name=x')
      expect(refused).toMatchObject({ code: 2, err: /'name' cannot be changed/ })
      expect((await run('online-deployment', 'update', '-n', 'blue')).err).toContain('needs --endpoint-name')
    })
  })

  it('get-logs prints the text, or a JSON string when called as az ml', async () => {
    const logs = bind(endpointRoutes.deploymentLogs, ({ query }) => ({ content: `${query.lines} lines\nb` }))
    await withRoutes([logs], async run => {
      const argv = ['online-deployment', 'get-logs', '-e', 'flights', '-n', 'blue', '--lines', '9000']
      expect((await run(...argv)).out).toBe('5000 lines\nb\n')
      expect((await run('az', 'ml', ...argv)).out).toBe('"5000 lines\\nb"\n')
      expect((await run(...argv.slice(0, -1), '0')).code).toBe(1)
    })
  })

  it('get-logs of the storage initializer tells what the workers were given', async () => {
    const revision = {
      revision_id: '0123456789abcdef',
      endpoint: 'flights',
      deployment: 'blue',
      model: { id: 'azureml:flights:3', name: 'flights', version: '3', type: 'mlflow_model', tree: 't1', path: '' },
      environment: { lock_digest: 'l1' },
      environment_variables: {},
      created_at: '2026-01-01T00:00:00.000Z',
      created_by: 'me',
    }
    await withRoutes([bind(endpointRoutes.showDeployment, () => deploymentOf({ revision }))], async run => {
      const argv = ['online-deployment', 'get-logs', '-e', 'flights', '-n', 'blue', '--container']
      expect((await run(...argv, 'storage-initializer')).out).toBe(
        'revision 0123456789abcdef, laid out 2026-01-01T00:00:00.000Z\nmodel azureml:flights:3 (tree t1)\nenvironment of its own (lock l1)\n',
      )
      expect(await run(...argv, 'sidecar')).toMatchObject({ code: 2, err: /inference-server/ })
    })
  })

  it('list and show work on the table of deployments', async () => {
    const routes = [
      bind(endpointRoutes.listDeployments, () => ({ items: [deploymentOf()] })),
      bind(endpointRoutes.showDeployment, () => deploymentOf()),
    ]
    await withRoutes(routes, async run => {
      expect((await run('online-deployment', 'list', '-e', 'flights', '-o', 'table')).out).toMatch(/blue {2}flights/)
      const state = ['--query', 'provisioning_state', '-o', 'tsv']
      expect((await run('online-deployment', 'show', '--endpoint', 'flights', '-n', 'blue', ...state)).out).toBe(
        'Succeeded\n',
      )
    })
  })
})
