import { HaganeError, type OnlineDeployment, type OnlineDeploymentSpec } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch } from '../../kernel/http/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import { type RegisterCollected, registerCollected } from './collected-data.ts'
import { type CheckDatastore, checkDestinations } from './collection-plan.ts'
import { COMMAND, serverOf } from './command-runtime.ts'
import { noEndpoint } from './endpoints.ts'
import { type FindHolder, refuseHeld } from './held.ts'
import { memoryLimitOf } from './memory-limit.ts'
import { checkMountPath } from './model-mount.ts'
import { checkNames, type Place } from './place.ts'
import { PROVISION } from './provision.ts'
import { findDeployment, findEndpoint, findRevision, listDeployments, listRevisions } from './reads.ts'
import { toDeployment, toRevision } from './resource.ts'
import { scaleOf } from './scale.ts'
import { servingProperties } from './serving-properties.ts'
import { changeDeployment, deleteDeployment, deploymentIn, endpointIn, insertDeployment } from './store.ts'
import type { DeploymentRow, EndpointRow } from './tables.ts'
import type { Traffic } from './traffic.ts'
import { nextState } from './transitions.ts'

export interface DeploymentDeps {
  db: Database
  tasks: Tasks
  collected: RegisterCollected
  checkDatastore: CheckDatastore
  /** The routing table may have changed. */
  tableChanged(): void
  findHolder: FindHolder
}

type Caller = Who & { ifMatch?: string | undefined }

const mostAttempts = 5

/** What can be done with the deployments of an endpoint. */
export interface DeploymentService {
  /** Creates or replaces; the work goes on in the background and survives the server. */
  put(who: Caller, place: Place, spec: OnlineDeploymentSpec, allTraffic: boolean): Promise<OnlineDeployment>
  /** Asks for a deployment in the caller's transaction, whoever holds the endpoint. */
  request(tx: Tx, place: Place, spec: OnlineDeploymentSpec): Promise<void>
  show(workspace: string, place: Place): Promise<OnlineDeployment>
  list(workspace: string, endpoint: string): Promise<OnlineDeployment[]>
  remove(who: Who, place: Place): Promise<void>
  revisions(workspace: string, place: Place): Promise<ReturnType<typeof toRevision>[]>
  /** The revision whose log tells most: the one that was started last. */
  require(workspace: string, place: Place): Promise<DeploymentRow>
}

export function buildDeploymentService({
  db,
  tasks,
  collected,
  checkDatastore,
  tableChanged,
  findHolder,
}: DeploymentDeps): DeploymentService {
  const require = async (workspace: string, { endpoint, name }: Place): Promise<DeploymentRow> => {
    const row = await findDeployment(db, workspace, endpoint, name)
    if (row !== undefined) return row
    if ((await findEndpoint(db, workspace, endpoint)) === undefined) throw noEndpoint(workspace, endpoint)
    throw noDeployment(endpoint, name)
  }
  const resource = async (row: DeploymentRow): Promise<OnlineDeployment> =>
    toDeployment(row, row.revision_id === null ? undefined : await findRevision(db, row.revision_id))
  const requestIn = async (tx: Tx, who: Caller, place: Place, spec: OnlineDeploymentSpec, allTraffic: boolean) => {
    checkNames(place, spec)
    checkRunnable(spec)
    scaleOf(spec)
    memoryLimitOf(spec)
    checkMountPath(spec)
    const operation = await request(tx, who, place, spec, allTraffic)
    await registerCollected(tx, place, spec, collected)
    await tasks.enqueue(tx, {
      kind: PROVISION,
      subject: `deployment/${place.endpoint}/${place.name}`,
      payload: { endpoint: place.endpoint, deployment: place.name, operation },
      maxAttempts: mostAttempts,
    })
  }
  return {
    require,
    request: (tx, place, spec) => requestIn(tx, tx.who, place, spec, false),
    async put(who, place, spec, allTraffic) {
      await checkDestinations(who.workspace, spec, checkDatastore)
      await db.withTransaction(who, async tx => {
        const inPlay = allTraffic ? undefined : place.name
        await refuseHeld(findHolder, tx, place.endpoint, 'this deployment', inPlay)
        await requestIn(tx, who, place, spec, allTraffic)
      })
      return resource(await require(who.workspace, place))
    },
    show: async (workspace, place) => resource(await require(workspace, place)),
    async list(workspace, endpoint) {
      const rows = await listDeployments(db, workspace, endpoint)
      if (rows.length === 0 && (await findEndpoint(db, workspace, endpoint)) === undefined)
        throw noEndpoint(workspace, endpoint)
      return Promise.all(rows.map(resource))
    },
    remove: (who, place) =>
      db.withTransaction(who, async tx => {
        await refuseHeld(findHolder, tx, place.endpoint, 'the end of a deployment', place.name)
        await removeIdle(tx, place)
        tx.afterCommit(tableChanged)
      }),
    async revisions(workspace, place) {
      const rows = await listRevisions(db, workspace, place.endpoint, place.name)
      if (rows.length === 0) await require(workspace, place)
      return rows.map(toRevision)
    },
  }
}

async function endpointOf(tx: Tx, name: string): Promise<EndpointRow> {
  const row = await endpointIn(tx, name)
  if (row === undefined) throw noEndpoint(tx.who.workspace, name)
  return row
}

/** Writes down what is wanted and returns the operation that will bring it about. */
async function request(
  tx: Tx,
  who: Caller,
  place: Place,
  spec: OnlineDeploymentSpec,
  allTraffic: boolean,
): Promise<string> {
  const endpoint = await endpointOf(tx, place.endpoint)
  const row = await deploymentIn(tx, place.endpoint, place.name)
  const asked = {
    spec: JSON.stringify(spec),
    state: nextState(row?.state, { kind: 'requested' }),
    operation: newUlid(tx.now.getTime()),
    all_traffic: allTraffic || wantsTraffic(endpoint) ? 1 : 0,
    error: null,
  }
  if (row === undefined) {
    const fresh = {
      endpoint: place.endpoint,
      name: place.name,

      revision_id: null,
      entry: null,
      serving: null,
    }
    await insertDeployment(tx, { ...asked, ...fresh })
  } else {
    checkIfMatch(who, String(row.revision))
    const stamps = { modified_at: tx.now.toISOString(), modified_by: tx.who.actor }
    await changeDeployment(tx, row, { ...asked, ...stamps })
  }
  tx.append({
    type: 'dev.hagane.endpoint.deployment-requested',
    subject: `deployment/${place.endpoint}/${place.name}`,
    data: { endpoint: place.endpoint, deployment: place.name, state: asked.state },
  })
  return asked.operation
}

/** The first deployment of a local endpoint takes its traffic, since scripts that use `--local` never give it any. */
const wantsTraffic = ({ properties, traffic }: EndpointRow): boolean =>
  servingProperties(JSON.parse(properties)).local === true && Object.keys(JSON.parse(traffic)).length === 0

async function removeIdle(tx: Tx, { endpoint, name }: Place): Promise<void> {
  const { traffic, mirror_traffic } = await endpointOf(tx, endpoint)
  if ((await deploymentIn(tx, endpoint, name)) === undefined) throw noDeployment(endpoint, name)
  for (const [property, shares] of Object.entries({ traffic, mirror_traffic })) {
    const share = (JSON.parse(shares) as Traffic)[name] ?? 0
    if (share > 0)
      throw new HaganeError('conflict', `deployment '${name}' has ${share} % of the ${property} of '${endpoint}'`, {
        hint: `move it first: hagane online-endpoint update -n ${endpoint} --${property.replace('_', '-')} "${name}=0 …"`,
      })
  }
  await deleteDeployment(tx, endpoint, name)
  tx.append({
    type: 'dev.hagane.endpoint.deployment-deleted',
    subject: `deployment/${endpoint}/${name}`,
    data: { endpoint, deployment: name },
  })
}

/** Refuses at once what no amount of waiting makes servable. */
function checkRunnable(spec: OnlineDeploymentSpec): void {
  const hasCommand = spec.properties?.[COMMAND] !== undefined
  if (hasCommand) return
  const hasModel = spec.model !== undefined
  const environment = typeof spec.environment === 'object' ? spec.environment : undefined
  const mayBeMlflow =
    hasModel && (typeof spec.model === 'string' || (spec.model?.type ?? 'mlflow_model') === 'mlflow_model')
  serverOf(spec, environment?.inference_config, mayBeMlflow)
  if (typeof spec.model === 'object' && spec.model.type === 'triton_model')
    throw new HaganeError('unsupported', 'model.type: triton_model is not served here', {
      hint: `serve a scoring script (code_configuration), an MLflow model, or your own server (properties: { ${COMMAND}: … })`,
    })
  if (!hasModel && spec.code_configuration === undefined)
    throw new HaganeError('invalid', 'body: a deployment needs a model, code_configuration, or both', {
      hint: 'model: azureml:<name>:<version>, or code_configuration: { code, scoring_script }',
    })
}

const noDeployment = (endpoint: string, name: string): HaganeError =>
  new HaganeError('not_found', `no deployment '${name}' at online endpoint '${endpoint}'`, {
    hint: `\`hagane online-deployment list -e ${endpoint}\` shows them`,
  })
