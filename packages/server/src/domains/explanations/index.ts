import {
  type EnvironmentSpec,
  type Explanation,
  type ExplanationRequest,
  explanationRoutes,
  HaganeError,
  type JobResource,
  type JobSpec,
  treeUri,
} from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import { subtree } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { EventLog } from '../../kernel/events/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/log.ts'
import { type ExplainedModel, explainJob } from './explain-job.ts'
import { explanationBy, explanationsOf } from './reads.ts'
import { keepExplanation, markTold } from './store.ts'
import type { ExplanationRow } from './tables.ts'

export interface Explanations {
  routes: BoundRoute[]
  /** Importance of each column by the newest explanation of a model version, `<name>:<version>`, when it is complete. */
  explained(workspace: string, model: string): Promise<{ job: string; features: Record<string, number> } | undefined>
}

interface Deps {
  db: Database
  blobs: BlobStore
  events: EventLog
  log: Logger
  jobs: {
    submit(who: Who, submission: { job: JobSpec }, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
    named(workspace: string, names: readonly string[]): Promise<JobResource[]>
    output(workspace: string, job: string, output: string, path: string): Promise<{ tree: string; path: string }>
  }
  /** Throws not_found. */
  model(workspace: string, reference: string): Promise<ExplainedModel>
  environmentOf(model: ExplainedModel): Promise<string | EnvironmentSpec | null>
  /** What the model was trained on, as references of tables. */
  trainingData(workspace: string, model: string): Promise<string[]>
  /** The model behind a prediction, and what went in row by row as far as it was collected. Throws not_found. */
  prediction(workspace: string, id: string): Promise<{ model: string; inputs: Record<string, unknown>[] }>
}

const MOST_VALUES = 100

interface Importance {
  method: 'shap' | 'permutation'
  rows: number
  features: { name: string; importance: number | null }[]
}

/** Which columns move a model, as a job in its own environment; the report is kept with the model version. */
export function buildExplanations(deps: Deps): Explanations {
  const { db, blobs, jobs } = deps

  const reportOf = async (workspace: string, job: string) => {
    const { tree, path } = await jobs.output(workspace, job, 'report', '')
    return subtree(await blobs.getTree(tree), path)
  }

  async function importanceOf(workspace: string, job: string): Promise<Importance | undefined> {
    const entry = (await reportOf(workspace, job)).find(({ path }) => path === 'importance.json')
    return entry === undefined ? undefined : (JSON.parse((await blobs.readAll(entry.digest)).toString()) as Importance)
  }

  deps.events.consume('explanations', async batch => {
    for (const { type, subject, workspace } of batch) {
      if (type !== 'dev.hagane.job.completed') continue
      const row = await explanationBy(db, workspace, subject.slice('job/'.length))
      if (row === undefined || row.told === 1) continue
      const found = await importanceOf(workspace, row.job)
      await db.withTransaction({ workspace, actor: `job:${row.job}` }, async tx => {
        if (await markTold(tx, row.job)) tx.append(toldEvent(row, found))
      })
    }
  })

  async function create(who: Who, request: ExplanationRequest): Promise<JobResource> {
    const asked =
      request.prediction === undefined ? undefined : await deps.prediction(who.workspace, request.prediction)
    const model = await deps.model(who.workspace, asked?.model ?? `azureml:${request.model}`)
    if (model.type !== 'mlflow_model') throw notMlflow(model)
    const trained = await deps.trainingData(who.workspace, `${model.name}:${model.version}`)
    const rows = asked === undefined ? undefined : await tableOf(blobs, request.prediction ?? '', asked.inputs)
    const name = `explain-${newUlid(db.clock.now().getTime()).toLowerCase()}`
    const data = rows ?? request.data ?? onlyOne(model, trained)
    const background = rows === undefined || trained.length !== 1 ? undefined : trained[0]
    const environment = await deps.environmentOf(model)
    const job = explainJob({ name, model, environment, data, background, request })
    const of = { job: name, model: `${model.name}:${model.version}`, prediction: request.prediction ?? null }
    return jobs.submit(who, { job }, tx => keepExplanation(tx, of).then(() => undefined))
  }

  async function show(workspace: string, of: { model: string } | { prediction: string }): Promise<Explanation> {
    const [row] = await explanationsOf(db, workspace, of)
    if (row === undefined) throw noExplanation(of)
    const [job] = await jobs.named(workspace, [row.job])
    const { model, prediction } = row
    const head = {
      model,
      ...(prediction === null ? {} : { prediction }),
      job: row.job,
      status: job?.status ?? 'deleted',
    }
    if (job?.status !== 'Completed') return head
    const report = await reportOf(workspace, row.job)
    const found = await importanceOf(workspace, row.job)
    const values = report.find(({ path }) => path === 'values.jsonl')
    return {
      ...head,
      ...(found === undefined ? {} : { method: found.method, rows: found.rows, features: found.features }),
      ...(values === undefined ? {} : { values: firstLines((await blobs.readAll(values.digest)).toString()) }),
      report: report.map(({ path, digest, size }) => ({ path, digest, size })),
    }
  }

  return {
    async explained(workspace, model) {
      const [row] = await explanationsOf(db, workspace, { model })
      const [job] = row === undefined ? [] : await jobs.named(workspace, [row.job])
      if (row === undefined || job?.status !== 'Completed') return undefined
      const found = await importanceOf(workspace, row.job)
      const features = found?.features.flatMap(({ name, importance }) =>
        importance === null ? [] : [[name, importance] as const],
      )
      return features === undefined ? undefined : { job: row.job, features: Object.fromEntries(features) }
    },
    routes: [
      implement(explanationRoutes.create, call => create(call, call.body)),
      implement(explanationRoutes.show, call => show(call.workspace, subjectOf(call.query))),
    ],
  }
}

function subjectOf({ model, prediction }: { model?: string | undefined; prediction?: string | undefined }) {
  if (model !== undefined && prediction === undefined) return { model }
  if (prediction !== undefined && model === undefined) return { prediction }
  throw new HaganeError('invalid', 'the explanation of what? Give either model or prediction', {
    details: [{ property: 'model', message: 'one of model and prediction', sent: model ?? null }],
  })
}

const firstLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, MOST_VALUES)
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)

function toldEvent(row: ExplanationRow, found: Importance | undefined) {
  const { model, prediction, job } = row
  return {
    type: 'dev.hagane.model.explained',
    subject: `model/${model}`,
    data: {
      model,
      job,
      ...(prediction === null ? {} : { prediction }),
      ...(found === undefined ? {} : { method: found.method, rows: found.rows, features: found.features.slice(0, 20) }),
    },
  }
}

/** Rows of a prediction as a table that a job can read. */
async function tableOf(blobs: BlobStore, id: string, rows: readonly Record<string, unknown>[]): Promise<string> {
  if (rows.length === 0)
    throw new HaganeError('conflict', `what went into ${id} was not collected, so it cannot be explained`, {
      hint: 'turn on the collection model_inputs of the deployment (data_collector), for predictions to come',
    })
  const { digest, size } = await blobs.put(Buffer.from(rows.map(row => `${JSON.stringify(row)}\n`).join('')))
  const { digest: tree } = await blobs.putTree([{ path: 'rows.jsonl', digest, size }])
  return treeUri(tree, '')
}

function onlyOne(model: ExplainedModel, found: readonly string[]): string {
  const [data, ...others] = found
  if (data !== undefined && others.length === 0) return data
  const of = `${model.name}:${model.version}`
  throw new HaganeError(
    'invalid',
    data === undefined
      ? `data: lineage knows nothing that ${of} was trained on`
      : `data: ${of} was trained on ${found.length} inputs; which one holds the rows?`,
    {
      hint: `name a table with its features: hagane model explain -n ${model.name} -v ${model.version} --data azureml:<name>:<version>`,
      details: [{ property: 'data', message: 'needed', sent: null, allowed: found }],
    },
  )
}

const notMlflow = ({ name, version, type }: ExplainedModel): HaganeError =>
  new HaganeError('unsupported', `model ${name}:${version} is a ${type}; only mlflow_model can be explained`, {
    hint: 'log it with MLflow (mlflow.<library>.log_model), so that Hagane knows how to ask it and in which environment',
  })

const noExplanation = (of: Record<string, string>): HaganeError =>
  new HaganeError('not_found', `no explanation of ${Object.values(of).join()} was asked for`, {
    hint: 'hagane model explain -n <name> -v <version>, or --prediction <id>',
  })
