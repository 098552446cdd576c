import {
  auditTrailRoutes,
  batchRoutes,
  type Client,
  HaganeError,
  jobRoutes,
  lineageRoutes,
  treeUri,
} from '@hagane/contract'
import { buildTestApp, eachDialect, endOf, logOf, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const MINUTES = 60_000

/** Kills the driver and then itself, once each; what was scored before stays. */
const script = `import os, signal
def once(name):
    path = os.path.join(os.path.dirname(os.environ["AZUREML_BI_OUTPUT_PATH"]), name)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False
def init():
    global weights
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights", "w.txt")).read()
def run(mini_batch):
    rows = [weights + os.environ["SIGN"] + open(path).read() for path in mini_batch]
    if os.environ["KILL"] == "yes" and rows[0].endswith("2") and once("driver"):
        os.kill(os.getppid(), signal.SIGKILL)
    if os.environ["KILL"] == "yes" and rows[0].endswith("4") and once("worker"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rows
`

const hello = {
  type: 'pipeline',
  name: 'hello_batch',
  inputs: { word: { type: 'string', default: 'hello' } },
  outputs: { said: { type: 'uri_folder' } },
  jobs: {
    say: {
      type: 'command',
      command: 'echo ${{inputs.word}} | tee ${{outputs.said}}/said.txt',
      inputs: { word: '${{parent.inputs.word}}' },
      outputs: { said: '${{parent.outputs.said}}' },
    },
  },
}

eachDialect('batch endpoints', database => {
  let app: TestApp
  let client: Client
  let code: string
  let model: string
  let data: string
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    client = app.client
    code = treeUri(await uploadFiles(client, { 'driver.py': script }))
    model = treeUri(await uploadFiles(client, { 'weights/w.txt': 'w' }), 'weights')
    const files = Object.fromEntries([0, 1, 2, 3, 4, 5].map(number => [`${number}.txt`, `${number}`]))
    data = treeUri(await uploadFiles(client, files))
    await client.call(batchRoutes.create, { body: { name: 'scoring', auth_mode: 'aad_token' } })
  }, MINUTES)
  afterAll(() => app[Symbol.asyncDispose]())

  const spec = (more: Record<string, unknown> = {}) => ({
    model: { name: 'weights', path: model },
    code_configuration: { code, scoring_script: 'driver.py' },
    settings: { mini_batch_size: 1, environment_variables: { SIGN: '#', KILL: 'yes' }, row_ids: true },
    ...more,
  })
  const put = (deployment: string, body: object, query = {}) =>
    client.call(batchRoutes.createDeployment, { params: { name: 'scoring', deployment }, query, body })
  const invoke = (body: object) => client.call(batchRoutes.invoke, { params: { name: 'scoring' }, body })
  const refused = async (work: Promise<unknown>): Promise<HaganeError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error instanceof HaganeError) return error
    throw new Error('it was not refused')
  }
  const text = async (job: string, output: string, path: string): Promise<string> => {
    const { outputs } = await client.call(jobRoutes.outputs, { params: { name: job } })
    const spec = {
      type: 'command',
      command: `cat \${{inputs.x}}/${path}`,
      inputs: { x: { path: outputs[output]?.uri } },
    }
    const { name } = await client.call(jobRoutes.create, { body: { job: spec as never } })
    await endOf(client, name)
    return logOf(client, name)
  }

  it(
    'score with a script, go on where they were killed, and give every row an id that leads to all behind it',
    async () => {
      const deployed = await put('script', spec(), { set_default: 'true' })
      expect(deployed).toMatchObject({
        type: 'model',
        settings: { mini_batch_size: 1, output_file_name: 'predictions.csv', retry_settings: { max_retries: 3 } },
        revision: { model: { name: 'weights' }, code: { scoring_script: 'driver.py' } },
      })
      const started = await invoke({
        inputs: { input: { type: 'uri_folder', path: data } },
        outputs: { score: { name: 'scored' } },
      })
      const job = await endOf(client, started.name)
      expect(job, await logOf(client, job.name)).toMatchObject({
        status: 'Completed',
        experiment_name: 'scoring',
        retries: [{ signal: 'SIGKILL' }],
        progress: { mini_batches: { total: 6, done: 6, failed: 0 }, items: { total: 6, done: 6 } },
        outputs: { score: { asset: 'azureml:scored:1' } },
      })
      const id = job.properties['hagane.batch.id']
      const rows = [0, 1, 2, 3, 4, 5].map(number => `${id}-${number} w#${number}\n`)
      expect(await text(job.name, 'score', 'predictions.csv')).toBe(rows.join(''))

      const graph = await client.call(lineageRoutes.show, {
        query: { of: `prediction:${id}-3`, direction: 'up', depth: 9 },
      })
      expect(graph.nodes[0]).toMatchObject({ kind: 'prediction', facts: { job: job.name, row: 3 } })
      const kinds = new Set(graph.nodes.map(node => node.kind))
      for (const kind of ['job', 'deployment', 'model', 'data', 'code', 'environment', 'endpoint', 'person'])
        expect([...kinds]).toContain(kind)
      expect(graph.edges).toContainEqual(expect.objectContaining({ from: `prediction:${id}-3`, to: `job:${job.name}` }))
      const trail = await client.call(auditTrailRoutes.show, { query: { of: `prediction:${id}-3` } })
      expect(trail.facts.at(-1)).toMatchObject({ kind: 'prediction', facts: { job: job.name, row: 3 } })
      expect(trail.story.map(entry => entry.type)).toEqual(
        expect.arrayContaining(['dev.hagane.batch.invoked', 'dev.hagane.job.submitted']),
      )
      await expect(
        client.call(lineageRoutes.show, { query: { of: `prediction:${id?.slice(0, -1)}0-3` } }),
      ).rejects.toMatchObject({ kind: 'not_found' })
    },
    5 * MINUTES,
  )

  it(
    'take what an invocation changes for itself, and list the jobs of each deployment',
    async () => {
      await put('quiet', spec({ settings: { environment_variables: { SIGN: '-', KILL: 'no' } } }))
      const started = await invoke({
        deployment_name: 'quiet',
        inputs: { input: { type: 'uri_folder', path: data } },
        settings: { output_file_name: 'out $X.csv', mini_batch_size: 4, environment_variables: { SIGN: '+' } },
      })
      const job = await endOf(client, started.name)
      expect(job, await logOf(client, job.name)).toMatchObject({
        status: 'Completed',
        progress: { mini_batches: { total: 2 } },
      })
      expect((await text(job.name, 'score', "'out $X.csv'")).split('\n')[5]).toBe('w+5')
      const params = { name: 'scoring' }
      const listed = await client.call(batchRoutes.listJobs, { params, query: { deployment_name: 'quiet' } })
      expect(listed.items.map(({ name }) => name)).toEqual([job.name])
      const first = await client.call(batchRoutes.listJobs, { params, query: { limit: 1 } })
      expect(first.items.map(({ name }) => name)).toEqual([job.name])
      const next = await client.call(batchRoutes.listJobs, { params, query: { limit: 1, cursor: first.next_cursor } })
      expect(next.items).toHaveLength(1)
      expect(next.next_cursor).toBeUndefined()
    },
    3 * MINUTES,
  )

  it(
    'run a pipeline component, and the pipeline of a job, with the inputs that are sent',
    async () => {
      await put('pipeline', { component: hello, settings: { continue_on_step_failure: false } })
      const one = await invoke({
        deployment_name: 'pipeline',
        inputs: { word: { type: 'string', default: 'bonjour' } },
      })
      const two = await invoke({ deployment_name: 'pipeline', inputs: { input: 'salut' }, job_name: 'named_pipeline' })
      expect([await endOf(client, one.name), await endOf(client, two.name)]).toMatchObject([
        { status: 'Completed', type: 'pipeline' },
        { status: 'Completed', name: 'named_pipeline' },
      ])
      expect(await text(one.name, 'said', 'said.txt')).toBe('bonjour\n')
      await put('again', { job_definition: `azureml:${two.name}`, settings: {} })
      const three = await endOf(client, (await invoke({ deployment_name: 'again' })).name)
      expect(await text(three.name, 'said', 'said.txt')).toBe('salut\n')
      expect((await refused(invoke({ deployment_name: 'pipeline', inputs: { x: 1, y: 2 } }))).message).toContain(
        'inputs.x',
      )
      const setting = refused(invoke({ deployment_name: 'pipeline', settings: { mini_batch_size: 1 } }))
      expect((await setting).message).toContain('settings.mini_batch_size')
    },
    3 * MINUTES,
  )

  it(
    'refuse what cannot be, naming it, and change nothing',
    async () => {
      const cases: [() => Promise<unknown>, string, string][] = [
        [
          () => client.call(batchRoutes.create, { body: { name: 'scoring', auth_mode: 'key' } }),
          'conflict',
          'already exists',
        ],
        [() => client.call(batchRoutes.show, { params: { name: 'nope' } }), 'not_found', "no batch endpoint 'nope'"],
        [
          () => put('x', spec({ code_configuration: { code, scoring_script: 'nope.py' } })),
          'invalid',
          "'nope.py' is not in the code",
        ],
        [() => put('x', { model: { path: model } }), 'invalid', 'needs code_configuration'],
        [() => put('x', {}), 'invalid', 'neither a model nor code_configuration'],
        [() => put('x', spec({ name: 'y' })), 'invalid', "'y' is not 'x' of the address"],
        [() => put('x', spec({ environment: 'azureml:nope:1' })), 'not_found', 'nope'],
        [() => put('x', { type: 'pipeline' }), 'invalid', 'either a component or a job_definition'],
        [() => put('x', { job_definition: 'azureml:nope' }), 'not_found', 'nope'],
        [() => put('x', spec({ settings: { output_file_name: '../x' } })), 'invalid', 'output_file_name'],
        [() => invoke({ inputs: {} }), 'invalid', 'scores one input'],
        [() => invoke({ inputs: { a: 3 } }), 'invalid', 'inputs.a'],
        [() => invoke({ inputs: { a: { path: data } }, outputs: { other: null } }), 'invalid', 'outputs.other'],
        [() => invoke({ deployment_name: 'nope', inputs: { a: { path: data } } }), 'not_found', "no deployment 'nope'"],
        [() => invoke({ inputs: { a: { path: 'azureml:nope:1' } } }), 'not_found', 'nope'],
        [
          () => client.call(batchRoutes.deleteDeployment, { params: { name: 'scoring', deployment: 'script' } }),
          'conflict',
          'is the default',
        ],
        [
          () =>
            client.call(batchRoutes.update, {
              params: { name: 'scoring' },
              body: { defaults: { deployment_name: 'nope' } },
            }),
          'invalid',
          "no deployment 'nope'",
        ],
      ]
      for (const [work, kind, message] of cases) {
        const error = await refused(work())
        expect([error.kind, error.message]).toEqual([kind, expect.stringContaining(message)])
      }
      await expect(
        client.call(batchRoutes.showDeployment, { params: { name: 'scoring', deployment: 'x' } }),
      ).rejects.toMatchObject({ kind: 'not_found' })
    },
    MINUTES,
  )

  it(
    'keep their jobs when they go',
    async () => {
      const params = { name: 'scoring' }
      const changed = await client.call(batchRoutes.update, {
        params,
        body: { defaults: { deployment_name: 'quiet' }, tags: { a: '1' } },
      })
      expect(changed).toMatchObject({ defaults: { deployment_name: 'quiet' }, tags: { a: '1' } })
      await client.call(batchRoutes.deleteDeployment, { params: { name: 'scoring', deployment: 'script' } })
      const { items } = await client.call(batchRoutes.listDeployments, { params })
      expect(items.map(({ name }) => name)).toEqual(['again', 'pipeline', 'quiet'])
      const [job] = (await client.call(batchRoutes.listJobs, { params, query: { deployment_name: 'script' } })).items
      await client.call(batchRoutes.delete, { params })
      expect((await client.call(batchRoutes.list, {})).items).toEqual([])
      const id = job?.properties['hagane.batch.id']
      const graph = await client.call(lineageRoutes.show, { query: { of: `prediction:${id}-0` } })
      expect(graph.nodes.map(node => node.kind)).toContain('model')
    },
    MINUTES,
  )
})
