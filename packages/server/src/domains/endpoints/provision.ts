import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Task, Tasks } from '../../kernel/tasks/index.ts'
import type { FindHolder } from './held.ts'
import { type PrepareDeps, prepare } from './prepare.ts'
import { findDeployment } from './reads.ts'
import { gatewayEntry, type Prepared } from './revision.ts'
import { settle } from './settle.ts'
import { changeDeployment, deploymentIn, keepRevision } from './store.ts'
import type { DeploymentRow } from './tables.ts'
import { nextState } from './transitions.ts'

export const PROVISION = 'endpoint.provision'

export interface ProvisionDeps extends PrepareDeps {
  db: Database
  log: Logger
  /** Makes sure that a gateway runs. */
  ensureGateway(): Promise<void>
  /** The routing table may have changed. */
  tableChanged(): void
  findHolder: FindHolder
}

interface Order {
  endpoint: string
  deployment: string
  operation: string
}

/** Registers the durable work that turns a request into a revision that the gateway starts. */
export function registerProvisioning(tasks: Tasks, deps: ProvisionDeps): void {
  tasks.register(PROVISION, {
    concurrency: 2,
    handle: (task, signal) => provision(deps, task, orderOf(task), signal),
    onGivenUp: (task, error) => giveUp(deps, task, orderOf(task), error),
  })
}

const orderOf = (task: Task): Order => task.payload as unknown as Order

async function provision(deps: ProvisionDeps, who: Who, order: Order, signal: AbortSignal): Promise<void> {
  const row = await findDeployment(deps.db, who.workspace, order.endpoint, order.deployment)
  if (row === undefined || row.operation !== order.operation) return
  const prepared = await prepareOrGiveUp(deps, who, order, row, signal)
  if (prepared === undefined) return
  // one that was killed while it started is no fault of the deployment: the next try starts it again
  await deps.ensureGateway()
  await deps.db.withTransaction(who, tx => revise(tx, order, prepared, deps))
}

/** undefined when the deployment was given up, because of something that its author has to mend. */
async function prepareOrGiveUp(
  deps: ProvisionDeps,
  who: Who,
  order: Order,
  row: DeploymentRow,
  signal: AbortSignal,
): Promise<Prepared | undefined> {
  const { endpoint, deployment } = order
  const { workspace, actor } = who
  const spec = JSON.parse(row.spec) as OnlineDeploymentSpec
  try {
    return await prepare(deps, { workspace, actor, endpoint, deployment, spec }, signal)
  } catch (error) {
    if (!(error instanceof HaganeError) || signal.aborted) throw error
    await giveUp(deps, who, order, error)
    return undefined
  }
}

/** Writes the revision down for good and puts it into the routing table. */
async function revise(tx: Tx, order: Order, prepared: Prepared, deps: ProvisionDeps): Promise<void> {
  const row = await current(tx, order)
  if (row === undefined) return
  const entry = gatewayEntry(prepared)
  const { endpoint, deployment } = order
  const { revision_id } = entry
  await keepRevision(tx, { revision_id, endpoint, deployment, facts: JSON.stringify(prepared.facts) })
  const change = { revision_id, entry: JSON.stringify(entry), operation: '' }
  const known = row.entry === change.entry ? row.serving : null
  await changeDeployment(tx, row, { ...change, serving: known })
  appendRevised(tx, order, revision_id, prepared)
  // The same content again: the gateway has it already and has nothing new to say.
  if (known !== null)
    await settle(tx, { ...row, ...change, revision: row.revision + 1 }, JSON.parse(known), deps.findHolder)
  tx.afterCommit(deps.tableChanged)
}

function appendRevised(tx: Tx, { endpoint, deployment }: Order, revision_id: string, prepared: Prepared): void {
  const { facts, runtime } = prepared
  tx.append({
    type: 'dev.hagane.endpoint.deployment-revised',
    subject: `deployment/${endpoint}/${deployment}`,
    data: {
      endpoint,
      deployment,
      revision_id,
      runtime: runtime.kind,
      ...(facts.model === undefined
        ? {}
        : { model: facts.model.id, model_tree: facts.model.tree, model_path: facts.model.path }),
      ...(facts.model?.run_id === undefined ? {} : { model_run: facts.model.run_id }),
      environment_lock: facts.environment.lock_digest,
      ...(facts.environment.id === undefined ? {} : { environment: facts.environment.id }),
      ...(facts.code === undefined ? {} : { code_tree: facts.code.tree, scoring_script: facts.code.scoring_script }),
    },
  })
}

async function giveUp(deps: ProvisionDeps, who: Who, order: Order, error: unknown): Promise<void> {
  const known = error instanceof HaganeError
  if (!known) deps.log.error({ err: error, ...order }, 'a deployment could not be prepared')
  const message = known ? error.message : 'the server failed to prepare this deployment; its log has the reason'
  await deps.db.withTransaction(who, async tx => {
    const row = await current(tx, order)
    if (row === undefined) return
    const lines = known ? (error.details ?? []).map(detail => detail.message) : []
    const told = { message, ...(lines.length === 0 ? {} : { log_tail: lines }) }
    await changeDeployment(tx, row, {
      state: nextState(row.state, { kind: 'could-not-be-prepared' }),
      error: JSON.stringify(told),
    })
    tx.append({
      type: 'dev.hagane.endpoint.deployment-failed',
      subject: `deployment/${order.endpoint}/${order.deployment}`,
      data: { endpoint: order.endpoint, deployment: order.deployment, message },
    })
  })
}

/** The deployment, unless it was deleted or asked for anew meanwhile. */
async function current(tx: Tx, order: Order): Promise<DeploymentRow | undefined> {
  const row = await deploymentIn(tx, order.endpoint, order.deployment)
  return row?.operation === order.operation ? row : undefined
}
