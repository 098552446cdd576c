import { type BatchDeployment, type BatchDeploymentSpec, HaganeError } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch } from '../../kernel/http/index.ts'
import { checkNames, type Place } from '../endpoints/index.ts'
import { type Caller, noEndpoint, requireEndpoint } from './endpoints.ts'
import { modelJob } from './model-job.ts'
import { findDeployment, findEndpoint, findRevision, listDeployments } from './reads.ts'
import { type Resolving, resolve, revisionId, typeOf } from './resolve.ts'
import { toDeployment } from './resource.ts'
import {
  changeDeployment,
  changeEndpoint,
  deleteDeployment,
  deploymentIn,
  insertDeployment,
  keepRevision,
} from './store.ts'
import type { DeploymentRow, RevisionRow } from './tables.ts'
import type { BatchFacts } from './types.ts'

/** What can be done with the deployments of batch endpoints. */
export interface DeploymentService {
  /** Creates it or replaces it; everything is resolved and checked before anything is written. */
  put(who: Caller, place: Place, spec: BatchDeploymentSpec, setDefault: boolean): Promise<BatchDeployment>
  show(workspace: string, place: Place): Promise<BatchDeployment>
  list(workspace: string, endpoint: string): Promise<BatchDeployment[]>
  remove(who: Who, place: Place): Promise<void>
  /** The deployment and its revision; throws not_found. */
  require(workspace: string, place: Place): Promise<{ row: DeploymentRow; revision: RevisionRow }>
}

export function buildDeploymentService(db: Database, resolving: Resolving): DeploymentService {
  const withRevision = async (row: DeploymentRow) => {
    const revision = await findRevision(db, row.revision_id)
    if (revision === undefined) throw new Error(`revision ${row.revision_id} of ${row.endpoint}/${row.name} is missing`)
    return { row, revision }
  }
  const require = async (workspace: string, { endpoint, name }: Place) => {
    const row = await findDeployment(db, workspace, endpoint, name)
    if (row !== undefined) return withRevision(row)
    if ((await findEndpoint(db, workspace, endpoint)) === undefined) throw noEndpoint(workspace, endpoint)
    throw noDeployment(endpoint, name)
  }
  const show = async (workspace: string, place: Place): Promise<BatchDeployment> => {
    const { row, revision } = await require(workspace, place)
    return toDeployment(row, revision)
  }
  return {
    require,
    show,
    async put(who, place, spec, setDefault) {
      checkNames(place, spec)
      if ((await findEndpoint(db, who.workspace, place.endpoint)) === undefined)
        throw noEndpoint(who.workspace, place.endpoint)
      const facts = await resolve(resolving, who.workspace, place.name, spec)
      await checkRunnable(resolving, who.workspace, place, spec, facts)
      await db.withTransaction(who, tx => write(tx, who, { place, spec, facts, setDefault }))
      return show(who.workspace, place)
    },
    async list(workspace, endpoint) {
      const rows = await listDeployments(db, workspace, endpoint)
      if (rows.length === 0 && (await findEndpoint(db, workspace, endpoint)) === undefined)
        throw noEndpoint(workspace, endpoint)
      const all = await Promise.all(rows.map(withRevision))
      return all.map(({ row, revision }) => toDeployment(row, revision))
    },
    remove: (who, place) => db.withTransaction(who, tx => remove(tx, place)),
  }
}

/** Plans the job that an invocation would be, with content that is there as its input: computes and environments must exist. */
async function checkRunnable(
  { sources }: Resolving,
  workspace: string,
  { endpoint, name }: Place,
  spec: BatchDeploymentSpec,
  facts: BatchFacts,
): Promise<void> {
  const content = facts.code ?? facts.model
  if (typeOf(spec) !== 'model' || content === undefined) return
  const inputs = { data: { type: 'uri_folder' as const, path: `hagane://trees/${content.tree}` } }
  const ids = { revisionId: '0'.repeat(16), batchId: '' }
  const { drift_baseline: _, ...rest } = spec
  await sources.jobs.check(
    workspace,
    modelJob({ endpoint, deployment: name, ...ids, spec: rest, facts, call: { inputs } }),
  )
}

interface Order {
  place: Place
  spec: BatchDeploymentSpec
  facts: BatchFacts
  setDefault: boolean
}

async function write(tx: Tx, who: Caller, { place, spec, facts, setDefault }: Order): Promise<void> {
  const endpoint = await requireEndpoint(tx, place.endpoint)
  const row = await deploymentIn(tx, place.endpoint, place.name)
  const named = { workspace: tx.who.workspace, endpoint: place.endpoint, deployment: place.name }
  const revision_id = revisionId(named, spec, facts)
  const type = typeOf(spec)
  const values = { type, spec: JSON.stringify(spec), revision_id }
  await keepRevision(tx, {
    revision_id,
    endpoint: place.endpoint,
    deployment: place.name,
    facts: JSON.stringify(facts),
  })
  if (row === undefined) await insertDeployment(tx, { endpoint: place.endpoint, name: place.name, ...values })
  else {
    checkIfMatch(who, String(row.revision))
    await changeDeployment(tx, row, values)
  }
  if (setDefault) await changeEndpoint(tx, endpoint, { default_deployment: place.name })
  appendRevised(tx, place, { type, revision_id, facts, setDefault })
}

interface Revised {
  type: string
  revision_id: string
  facts: BatchFacts
  setDefault: boolean
}

function appendRevised(tx: Tx, { endpoint, name }: Place, { type, revision_id, facts, setDefault }: Revised): void {
  const { model, code, component, environment } = facts
  tx.append({
    type: 'dev.hagane.batch.deployment-revised',
    subject: `batch-deployment/${endpoint}/${name}`,
    data: {
      endpoint,
      deployment: name,
      revision_id,
      runtime: type === 'pipeline' ? 'pipeline' : code === undefined ? 'batch-mlflow' : 'batch-script',
      ...(model === undefined ? {} : { model: model.id, model_tree: model.tree, model_path: model.path }),
      ...(model?.run_id === undefined ? {} : { model_run: model.run_id }),
      ...(typeof environment === 'string' ? { environment } : {}),
      ...(code === undefined ? {} : { code_tree: code.tree, scoring_script: code.scoring_script }),
      ...(component?.id === undefined ? {} : { component: component.id }),
      ...(setDefault ? { is_default: true } : {}),
    },
  })
}

async function remove(tx: Tx, { endpoint, name }: Place): Promise<void> {
  const { default_deployment } = await requireEndpoint(tx, endpoint)
  if ((await deploymentIn(tx, endpoint, name)) === undefined) throw noDeployment(endpoint, name)
  if (default_deployment === name)
    throw new HaganeError('conflict', `deployment '${name}' is the default of batch endpoint '${endpoint}'`, {
      hint: `choose another first: hagane batch-endpoint update -n ${endpoint} --set defaults.deployment_name=<other>`,
    })
  await deleteDeployment(tx, endpoint, name)
  tx.append({
    type: 'dev.hagane.batch.deployment-deleted',
    subject: `batch-deployment/${endpoint}/${name}`,
    data: { endpoint, deployment: name },
  })
}

const noDeployment = (endpoint: string, name: string): HaganeError =>
  new HaganeError('not_found', `no deployment '${name}' at batch endpoint '${endpoint}'`, {
    hint: `\`hagane batch-deployment list -e ${endpoint}\` shows them`,
  })
