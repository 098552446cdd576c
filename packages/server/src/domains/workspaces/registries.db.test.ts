import {
  accessRoutes,
  type Client,
  componentRoutes,
  createClient,
  dataRoutes,
  environmentRoutes,
  jobRoutes,
  lineageRoutes,
  modelRoutes,
  registryRoutes,
  treeUri,
  workspaceRoutes,
} from '@hagane/contract'
import { buildTestApp, eachDialect, runJob, stepsOf, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

eachDialect('registries', database => {
  let app: TestApp
  let team: Client
  let registry: Client
  let tree = ''
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    const client = (workspace: string) => createClient({ url: app.url, actor: 'tester', workspace })
    team = client('team')
    registry = client('shared')
    await app.client.call(workspaceRoutes.create, { body: { name: 'team' } })
    await app.client.call(registryRoutes.create, {
      body: { name: 'shared', tags: { a: 1 }, location: 'eastus', replication_locations: [{ location: 'eastus' }] },
    })
    tree = await uploadFiles(team, { 'a.csv': '1,2\n', MLmodel: 'flavors: {}\n' })
    await team.call(dataRoutes.create, { body: { name: 'rows', path: treeUri(tree, 'a.csv'), type: 'uri_file' } })
    await team.call(modelRoutes.create, {
      body: { name: 'net', path: treeUri(tree), type: 'mlflow_model', tags: { k: 'v' } },
    })
    await team.call(environmentRoutes.create, { body: { name: 'plain', image: 'python' } })
    await team.call(componentRoutes.create, {
      body: {
        ...{ name: 'count', version: '3', type: 'command', command: 'wc -l < ${{inputs.rows}} > ${{outputs.n}}/n' },
        inputs: { rows: { type: 'uri_file' } },
        outputs: { n: { type: 'uri_folder' } },
      },
    })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const params = (name: string, version = '@latest') => ({ name, version })
  const body = { registry_name: 'shared' }

  it('are shown with what they are, and are no workspaces', async () => {
    const { items } = await app.client.call(registryRoutes.list)
    expect(items).toMatchObject([{ id: 'azureml://registries/shared', name: 'shared', tags: { a: '1' } }])
    const workspaces = await app.client.call(workspaceRoutes.list)
    expect(workspaces.items.map(item => item.name)).toEqual(['default', 'team'])
    await expect(app.client.call(registryRoutes.show, { params: { name: 'team' } })).rejects.toThrow(
      "no registry 'team'",
    )
    await expect(app.client.call(registryRoutes.create, { body: { name: 'team' } })).rejects.toThrow(
      'workspace team already exists',
    )
    const name = { params: { name: 'shared' } }
    await expect(app.client.call(workspaceRoutes.show, name)).rejects.toThrow("no workspace 'shared'")
    await expect(registry.call(workspaceRoutes.update, { ...name, body: { tags: {} } })).rejects.toThrow(
      "no workspace 'shared'",
    )
  })

  it('get versions of all four kinds, the same content under the same or another name', async () => {
    expect(await team.call(dataRoutes.share, { params: params('rows'), body })).toMatchObject({
      name: 'rows',
      version: '1',
    })
    expect(
      await team.call(modelRoutes.share, { params: params('net'), body: { ...body, name: 'resnet', version: '9' } }),
    ).toMatchObject({ name: 'resnet', version: '9', digest: tree, tags: { k: 'v' } })
    expect((await team.call(environmentRoutes.share, { params: params('plain'), body })).version).toBe('1')
    expect((await team.call(componentRoutes.share, { params: params('count'), body })).version).toBe('3')
    expect((await registry.call(modelRoutes.show, { params: params('resnet', '9') })).digest).toBe(tree)
  })

  it('keep who shared it and where it came from', async () => {
    for (const [of, origin] of [
      ['data:rows:1', 'data:workspaces/team/rows:1'],
      ['model:resnet:9', 'model:workspaces/team/net:1'],
      ['component:count:3', 'component:workspaces/team/count:3'],
    ] as const) {
      const { edges } = await registry.call(lineageRoutes.show, { query: { of } })
      expect(edges).toContainEqual(
        expect.objectContaining({ relation: 'was shared from', to: origin, actor: 'local:tester' }),
      )
    }
  })

  it('take the same again as nothing new, and never another content under a taken version', async () => {
    await team.call(dataRoutes.share, { params: params('rows'), body })
    await team.call(modelRoutes.share, { params: params('net'), body: { ...body, name: 'resnet', version: '9' } })
    await team.call(dataRoutes.create, { body: { name: 'rows', path: treeUri(tree), type: 'uri_folder' } })
    await expect(
      team.call(dataRoutes.share, { params: params('rows', '2'), body: { ...body, version: '1' } }),
    ).rejects.toThrow('data rows:1 already exists, and versions never change')
  })

  it('serve a job of any workspace by azureml://registries references, and lineage names them', async () => {
    const at = (kind: string, name: string, version: string) => `azureml://registries/shared/${kind}/${name}/${version}`
    const job = await runJob(app.client, {
      type: 'pipeline',
      jobs: {
        count: {
          component: at('components', 'count', 'labels/latest'),
          inputs: { rows: { type: 'uri_file', path: at('data', 'rows', 'versions/1') } },
        },
        look: {
          command: 'ls ${{inputs.model}} && test -f ${{inputs.model}}/MLmodel && cat ${{inputs.n}}/n',
          environment: at('environments', 'plain', 'versions/1'),
          inputs: {
            model: { path: at('models', 'resnet', 'labels/latest') },
            n: '${{parent.jobs.count.outputs.n}}',
          },
        },
      },
    })
    const steps = await stepsOf(app.client, job.name)
    expect(job.error ?? steps.look?.error).toBeUndefined()
    expect(job.status).toBe('Completed')
    const linked = async (step: string | undefined) =>
      (await app.client.call(lineageRoutes.show, { query: { of: `job:${step}` } })).nodes.map(node => node.id)
    expect(await linked(steps.count?.name)).toEqual(
      expect.arrayContaining(['component:registries/shared/count:3', 'data:registries/shared/rows:1']),
    )
    expect(await linked(steps.look?.name)).toContain('model:registries/shared/resnet:9')
  })

  describe('refuse', () => {
    const submit = (inputs: object, environment?: string) =>
      app.client.call(jobRoutes.validate, {
        body: {
          job: { type: 'command', command: 'true', inputs: inputs as never, ...(environment && { environment }) },
        },
      })
    it.each([
      ['nowhere/data/rows/versions/1', "no registry 'nowhere' on this server"],
      ['team/data/rows/versions/1', "no registry 'team' on this server"],
      ['shared/data/rows/versions/7', 'no data rows:7'],
      ['shared/components/count/versions/3', 'names components, not data'],
    ])('an input of %s', async (path, message) => {
      await expect(submit({ x: { path: `azureml://registries/${path}` } })).rejects.toThrow(message)
    })

    it('an environment that is not there, but azureml has the curated ones without being made', async () => {
      const environment = (path: string) => submit({}, `azureml://registries/${path}`)
      await expect(environment('shared/environments/none/versions/1')).rejects.toThrow("no environment 'none'")
      await environment('azureml/environments/sklearn-1.5/labels/latest')
      await expect(environment('azureml/environments/sklaern/labels/latest')).rejects.toMatchObject({
        message: expect.stringContaining("no curated environment 'sklaern'"),
        hint: expect.stringContaining('sklearn-1.5'),
      })
    })

    it('a component that names assets of one workspace', async () => {
      const spec = { name: 'tied', type: 'command', command: 'true', environment: 'azureml:plain:1' } as const
      await team.call(componentRoutes.create, { body: spec })
      const refusal = { kind: 'invalid', details: [{ property: 'environment', sent: 'azureml:plain:1' }] }
      await expect(team.call(componentRoutes.share, { params: params('tied'), body })).rejects.toMatchObject(refusal)
      await expect(registry.call(componentRoutes.create, { body: spec })).rejects.toMatchObject(refusal)
      const curated = { ...spec, environment: 'azureml://registries/azureml/environments/sklearn-1.5/labels/latest' }
      expect((await registry.call(componentRoutes.create, { body: curated })).version).toBe('1')
    })

    it('jobs and endpoints in them', async () => {
      await expect(
        registry.call(jobRoutes.create, { body: { job: { type: 'command', command: 'true' } } }),
      ).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining('shared is a registry') })
    })

    it('to be deleted while anything is in them', async () => {
      const remove = (name: string) => app.client.call(registryRoutes.delete, { params: { name } })
      await expect(remove('shared')).rejects.toThrow('registry shared holds assets')
      await app.client.call(registryRoutes.create, { body: { name: 'empty' } })
      const ends = await Promise.allSettled([remove('empty'), remove('empty')])
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      await expect(remove('empty')).rejects.toMatchObject({ kind: 'not_found' })
      await expect(
        createClient({ url: app.url, actor: 'tester', workspace: 'empty' }).call(dataRoutes.list),
      ).rejects.toMatchObject({ kind: 'not_found' })
      await expect(remove('team')).rejects.toMatchObject({ kind: 'not_found' })
    })
  })

  it('are read with a token of one workspace, and written only with one that reaches them', async () => {
    const token = async (role: 'reader' | 'contributor', workspace?: string) => {
      const { token } = await app.client.call(accessRoutes.createToken, {
        body: { name: `${role}-${workspace}`, role, ...(workspace && { workspace }) },
      })
      return (where: string) => createClient({ url: app.url, workspace: where, token })
    }
    const confined = await token('contributor', 'team')
    expect((await confined('shared').call(dataRoutes.list)).items.length).toBe(1)
    const shares = (client: Client) => client.call(dataRoutes.share, { params: params('rows', '2'), body })
    await expect(shares(confined('team'))).rejects.toThrow('needs the permission asset.write there')
    await expect(
      confined('shared').call(dataRoutes.create, { body: { name: 'x', path: treeUri(tree), type: 'uri_folder' } }),
    ).rejects.toMatchObject({ kind: 'forbidden' })
    await expect(confined('default').call(dataRoutes.list)).rejects.toMatchObject({ kind: 'forbidden' })
    const everywhere = await token('contributor')
    expect((await shares(everywhere('team'))).version).toBe('2')
    await expect(
      (await token('reader'))('team').call(dataRoutes.share, { params: params('rows'), body }),
    ).rejects.toThrow('needs the permission asset.write there')
  })
})
