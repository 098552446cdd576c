import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataRoutes, environmentRoutes, HaganeError, modelRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { runCli } from '../testing/run-cli.ts'
import { withRoutes } from '../testing/with-routes.ts'

const time = '2026-11-23T22:50:10.000Z'
const assetOf = (name: string, version: string) => ({
  id: `azureml:${name}:${version}`,
  name,
  version,
  tags: {},
  properties: {},
  labels: [],
  archived: false,
  etag: '1',
  creation_context: { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' },
})
const dataOf = (name: string, version = '1') => ({ ...assetOf(name, version), type: 'uri_folder' as const, path: 'p' })

describe('data create', () => {
  const created: unknown[] = []
  const store = new MemoryStore()
  const routes = [
    ...store.routes,
    bind(dataRoutes.create, ({ body }) => {
      created.push(body)
      return dataOf(body.name)
    }),
  ]
  const last = () => created.at(-1) as { path: string }

  it('takes everything from flags, with the path relative to the working folder', async () => {
    const cwd = folderWith({ 'x/iris.csv': '1' })
    await withRoutes(
      routes,
      async run => {
        const { code, err } = await run(
          'data',
          'create',
          '-n',
          'iris',
          '-v',
          '01',
          '--path',
          'x/iris.csv',
          '--tags',
          'a=1 b=2',
        )
        expect({ code, err }).toEqual({ code: 0, err: '' })
        expect(last()).toMatchObject({ name: 'iris', version: '01', type: 'uri_file', tags: { a: '1', b: '2' } })
        expect(store.filesAt(last().path)).toEqual({ 'iris.csv': '1' })
      },
      cwd,
    )
  })

  it('takes a file, whose paths are relative to it, and lets flags win', async () => {
    const cwd = folderWith({ 'sub/data.yml': 'name: a\npath: folder\ntype: uri_folder\n', 'sub/folder/x': '1' })
    await withRoutes(
      routes,
      async run => {
        await run('data', 'create', '-f', 'sub/data.yml', '--name', 'b', '--description', 'true')
        expect(last()).toMatchObject({ name: 'b', description: 'true' })
        expect(store.filesAt(last().path)).toEqual({ x: '1' })
      },
      cwd,
    )
  })

  it('leaves addresses alone', async () => {
    await withRoutes(routes, async run => {
      await run('data', 'create', '-n', 'a', '--type', 'uri_file', '--path', 'https://example.com/a.csv')
      expect(last().path).toBe('https://example.com/a.csv')
    })
  })

  it('says what is missing', async () => {
    await withRoutes(routes, async run => {
      expect(await run('data', 'create', '-n', 'a')).toMatchObject({ code: 2, err: /needs --file or --path/ })
      expect(await run('data', 'create', '-n', 'a', '--path', 'nowhere')).toMatchObject({ code: 1, err: /nowhere/ })
    })
  })
})

describe('verbs of every asset', () => {
  it('show asks for the version, the label, or the latest', async () => {
    const routes = [bind(dataRoutes.show, ({ params }) => dataOf(params.name, params.version.replace('@', '')))]
    await withRoutes(routes, async (run, requests) => {
      await run('data', 'show', '-n', 'a', '-v', '3')
      await run('data', 'show', '-n', 'a', '-l', 'gold')
      await run('data', 'show', '-n', 'a')
      expect(requests.map(request => request.split('/').at(-1))).toEqual(['3', '%40gold', '%40latest'])
      expect((await run('data', 'show', '-n', 'a', '-v', '3', '-l', 'x')).code).toBe(2)
    })
  })

  it('list shows the newest of each, or the versions of one, archived ones when asked', async () => {
    const archived = { ...dataOf('a', '1'), archived: true }
    const page = { items: [dataOf('a', '2'), archived] }
    await withRoutes(
      [bind(dataRoutes.list, () => page), bind(dataRoutes.versions, () => page)],
      async (run, requests) => {
        await run('data', 'list')
        await run('data', 'list', '-n', 'a', '--include-archived')
        expect(requests[0]).toMatch(/data\?.*include_archived=false/)
        expect(requests[1]).toMatch(/data\/a\/versions\?.*include_archived=true/)
        const only = await run('data', 'list', '--archived-only', '--query', '[].version', '-o', 'tsv')
        expect(only.out).toBe('1\n')
        expect((await run('data', 'list', '-o', 'table')).out).toMatch(/^Name {2}Version {2}Type/)
      },
    )
  })

  it('archive without a version archives all of them; of nothing it fails', async () => {
    const versions = new Map([['a', [dataOf('a', '1'), dataOf('a', '2')]]])
    const routes = [
      bind(dataRoutes.versions, ({ params }) => ({ items: versions.get(params.name) ?? [] })),
      bind(dataRoutes.archive, ({ params }) => dataOf(params.name, params.version)),
    ]
    await withRoutes(routes, async (run, requests) => {
      expect(await run('data', 'archive', '-n', 'a')).toEqual({ code: 0, out: '', err: '' })
      expect(requests.filter(request => request.startsWith('POST'))).toHaveLength(2)
      expect((await run('data', 'archive', '-n', 'b')).code).toBe(1)
    })
  })

  it('update changes the version that the label points at', async () => {
    const bodies: unknown[] = []
    const routes = [
      bind(dataRoutes.show, ({ params }) => ({ ...dataOf(params.name, '7'), tags: { a: '1' } })),
      bind(dataRoutes.update, ({ params, body }) => {
        bodies.push([params.version, body])
        return dataOf('a', '7')
      }),
    ]
    await withRoutes(routes, async run => {
      await run('data', 'update', '-n', 'a', '-l', 'gold', '--set', 'tags.b=2')
      expect(bodies).toEqual([['7', { tags: { a: '1', b: '2' } }]])
      expect((await run('data', 'update', '-n', 'a', '--set', 'path=x')).err).toContain("'path' cannot be changed")
    })
  })

  it('label points a label at a version', async () => {
    const routes = [
      bind(dataRoutes.label, ({ params, body }) => ({ ...dataOf('a', body.version), labels: [params.label] })),
    ]
    await withRoutes(routes, async run => {
      const { out } = await run('data', 'label', '-n', 'a', '-v', '3', '-l', 'gold')
      expect(JSON.parse(out)).toMatchObject({ version: '3', labels: ['gold'] })
    })
  })

  it('data mount is refused with what to do instead', async () => {
    expect(await runCli(['data', 'mount', '--path', 'x'])).toMatchObject({ code: 1, err: /input of a job/ })
  })

  it('a registry takes the place of the workspace, except for what is shared with it', async () => {
    const asked: unknown[] = []
    const routes = [
      bind(dataRoutes.list, ({ workspace }) => {
        asked.push(workspace)
        return { items: [] }
      }),
      bind(dataRoutes.share, ({ workspace, params, body }) => {
        asked.push({ workspace, ...params, body })
        return dataOf('a', '7')
      }),
    ]
    await withRoutes(routes, async run => {
      await run('data', 'list', '--registry-name', 'r')
      await run(
        ...['data', 'share', '-n', 'a', '-v', '3', '--registry-name', 'r', '-w', 'team'],
        ...['--share-with-name', 'b', '--share-with-version', '7'],
      )
      expect(asked).toEqual([
        'r',
        { workspace: 'team', name: 'a', version: '3', body: { registry_name: 'r', name: 'b', version: '7' } },
      ])
      expect(await run('data', 'share', '-n', 'a', '-v', '3')).toMatchObject({ code: 2, err: /needs --registry-name/ })
    })
  })
})

describe('model download', () => {
  const store = new MemoryStore()
  const digest = store.putFiles({ 'model/MLmodel': 'm', 'other/x': 'x' })
  const model = (path: string) => ({ ...assetOf('flights', '3'), type: 'mlflow_model' as const, path })

  it('writes the files into a folder named after the model', async () => {
    const cwd = folderWith({})
    const show = bind(modelRoutes.show, () => model(`hagane://trees/${digest}/model`))
    await withRoutes(
      [...store.routes, show],
      async run => {
        expect((await run('model', 'download', '-n', 'flights', '-v', '3', '-p', 'to')).err).toContain(
          '1 file of azureml:flights:3 in ',
        )
        expect(readFileSync(join(cwd, 'to/flights/MLmodel'), 'utf8')).toBe('m')
      },
      cwd,
    )
  })

  it('says where the content is when it is not in the store', async () => {
    await withRoutes([bind(modelRoutes.show, () => model('azureml://datastores/d/paths/p'))], async run => {
      expect(await run('model', 'download', '-n', 'flights')).toMatchObject({ code: 1, err: /datastores\/d\/paths\/p/ })
    })
  })
})

describe('environment', () => {
  const states = ['not_built', 'locking', 'building', 'succeeded', 'failed'] as const
  const environment = (state: (typeof states)[number]) => ({
    ...assetOf('sk', '1'),
    build_status: { state, ...(state === 'failed' ? { error: 'no such package' } : {}) },
  })

  it('create reads the conda file that a flag names', async () => {
    const created: unknown[] = []
    const cwd = folderWith({ 'c.yml': 'dependencies: [python=3.11]\n' })
    const create = bind(environmentRoutes.create, ({ body }) => {
      created.push(body)
      return environment('not_built')
    })
    await withRoutes(
      [create],
      async run => {
        const { err } = await run('environment', 'create', '-n', 'sk', '-c', 'c.yml', '-i', 'python:3.11')
        expect(err).toBe('')
        expect(created).toEqual([{ name: 'sk', image: 'python:3.11', conda_file: { dependencies: ['python=3.11'] } }])
      },
      cwd,
    )
  })

  it('build waits for the end and tells each state', async () => {
    const queue = ['building', 'succeeded'] as const
    let asked = 0
    const routes = [
      bind(environmentRoutes.build, () => environment('locking')),
      bind(environmentRoutes.show, () => environment(queue[Math.min(asked++, 1)] ?? 'succeeded')),
    ]
    await withRoutes(routes, async run => {
      const { code, out, err } = await run('environment', 'build', '-n', 'sk', '-v', '1')
      expect([code, JSON.parse(out).build_status.state]).toEqual([0, 'succeeded'])
      expect(err).toBe('sk:1 locking\nsk:1 building\n')
    })
  })

  it('build shows the log of a failure, and does not wait with --no-wait', async () => {
    const routes = [
      bind(environmentRoutes.build, () => environment('failed')),
      bind(environmentRoutes.log, () => 'resolving\nno version of xyz\n'),
    ]
    await withRoutes(routes, async run => {
      const { code, err } = await run('environment', 'build', '-n', 'sk', '-v', '1')
      expect([code, err]).toEqual([
        1,
        'error: sk:1 could not be built: no such package\n  resolving\n  no version of xyz\n',
      ])
    })
    await withRoutes([bind(environmentRoutes.build, () => environment('locking'))], async run => {
      expect((await run('environment', 'build', '-n', 'sk', '-v', '1', '--no-wait')).code).toBe(0)
    })
  })

  it('show --lock prints the lock file as it is', async () => {
    await withRoutes([bind(environmentRoutes.lock, () => 'numpy==2.4.6 --hash=sha256:1\n')], async run => {
      expect((await run('environment', 'show', '-n', 'sk', '--lock')).out).toBe('numpy==2.4.6 --hash=sha256:1\n')
    })
  })
})

it('an error of the server keeps its details', async () => {
  const refuse = bind(dataRoutes.show, () => {
    throw new HaganeError('not_found', "no data 'a'", {
      hint: 'list them',
      details: [{ message: 'x', allowed: ['b'] }],
    })
  })
  await withRoutes([refuse], async run => {
    expect((await run('data', 'show', '-n', 'a')).err).toBe(
      "error: no data 'a'\n  x (allowed b)\nhint: list them\nrequest id: req-1\n",
    )
  })
})
