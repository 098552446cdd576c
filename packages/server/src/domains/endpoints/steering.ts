import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import type { Database, Tx } from '../../kernel/db/index.ts'
import { noEndpoint } from './endpoints.ts'
import { lockTraffic } from './held.ts'
import { findDeployment, findEndpoint, findRevision, listDeployments } from './reads.ts'
import type { RevisionFacts } from './revision.ts'
import { changeEndpoint, deploymentIn, deploymentNamesIn, endpointIn } from './store.ts'
import type { DeploymentRow } from './tables.ts'
import { checkTraffic, type Traffic } from './traffic.ts'

export interface Split {
  traffic: Traffic
  mirror_traffic: Traffic
}

/** What a deployment is doing, for who waits for it. */
export interface DeploymentStanding {
  state: DeploymentRow['state']
  /** Everything that was asked for is in place and it serves. */
  ready: boolean
  message?: string
  /** `azureml:<name>:<version>` of its model, once it is known. */
  model?: string
}

/** How another domain moves the traffic of an endpoint, in its own transaction. */
export interface Steering {
  /** The traffic as it is, nobody else changing it until the transaction ends. Throws not_found. */
  read(tx: Tx, endpoint: string): Promise<Split & { deployments: string[] }>
  /** Changes the traffic and says so in an event; nothing when it is so already. Throws not_found and invalid. */
  split(tx: Tx, endpoint: string, wanted: Split): Promise<void>
  /** Deploys another model with the settings of a deployment that is there; the work goes on behind. Throws not_found. */
  deployModel(tx: Tx, place: { endpoint: string; from: string; name: string; model: string }): Promise<void>
  /** Names of the deployments of an endpoint. Throws not_found. */
  deployments(workspace: string, endpoint: string): Promise<string[]>
  /** undefined when there is no such deployment. */
  standing(workspace: string, endpoint: string, name: string): Promise<DeploymentStanding | undefined>
}

interface Deps {
  db: Database
  tableChanged(): void
  /** Asks for a deployment in the caller's transaction. */
  request(tx: Tx, place: { endpoint: string; name: string }, spec: OnlineDeploymentSpec): Promise<void>
}

export function buildSteering({ db, tableChanged, request }: Deps): Steering {
  return {
    async read(tx, endpoint) {
      await lockTraffic(tx, endpoint)
      const row = await endpointIn(tx, endpoint)
      if (row === undefined) throw noEndpoint(tx.who.workspace, endpoint)
      const [traffic, mirror_traffic] = [row.traffic, row.mirror_traffic].map(text => JSON.parse(text) as Traffic)
      return {
        traffic: traffic ?? {},
        mirror_traffic: mirror_traffic ?? {},
        deployments: await deploymentNamesIn(tx, endpoint),
      }
    },
    async split(tx, endpoint, { traffic, mirror_traffic }) {
      await lockTraffic(tx, endpoint)
      const row = await endpointIn(tx, endpoint)
      if (row === undefined) throw noEndpoint(tx.who.workspace, endpoint)
      checkTraffic(traffic, mirror_traffic, await deploymentNamesIn(tx, endpoint))
      const before = JSON.parse(row.traffic) as Traffic
      const [live, copies] = [JSON.stringify(traffic), JSON.stringify(mirror_traffic)]
      if (live === row.traffic && copies === row.mirror_traffic) return
      await changeEndpoint(tx, row, { traffic: live, mirror_traffic: copies })
      tx.append({
        type: 'dev.hagane.endpoint.traffic-changed',
        subject: `endpoint/${endpoint}`,
        data: { endpoint, before, traffic, mirror_traffic },
      })
      tx.afterCommit(tableChanged)
    },
    async deployModel(tx, { endpoint, from, name, model }) {
      const row = await deploymentIn(tx, endpoint, from)
      if (row === undefined)
        throw new HaganeError('not_found', `no deployment '${from}' at online endpoint '${endpoint}'`)
      await request(tx, { endpoint, name }, copyOf(JSON.parse(row.spec) as OnlineDeploymentSpec, name, model))
    },
    async deployments(workspace, endpoint) {
      if ((await findEndpoint(db, workspace, endpoint)) === undefined) throw noEndpoint(workspace, endpoint)
      return (await listDeployments(db, workspace, endpoint)).map(({ name }) => name)
    },
    async standing(workspace, endpoint, name) {
      const row = await findDeployment(db, workspace, endpoint, name)
      if (row === undefined) return undefined
      const revision = row.revision_id === null ? undefined : await findRevision(db, row.revision_id)
      const facts = JSON.parse(revision?.facts ?? '{}') as Partial<RevisionFacts>
      const error = JSON.parse(row.error ?? 'null') as { message?: string } | null
      return {
        state: row.state,
        ready: row.state === 'Succeeded' && row.operation === '',
        ...(error?.message === undefined ? {} : { message: error.message }),
        ...(facts.model === undefined ? {} : { model: facts.model.id }),
      }
    },
  }
}

/** The same deployment with another model. What it collects is named after the new one, not written into the old one's data. */
function copyOf(spec: OnlineDeploymentSpec, name: string, model: string): OnlineDeploymentSpec {
  const { data_collector: collector, ...rest } = spec
  const copy = { ...rest, name, model }
  if (collector === undefined) return copy
  const collections = Object.entries(collector.collections).map(([key, { data: _, ...kept }]) => [key, kept])
  return { ...copy, data_collector: { ...collector, collections: Object.fromEntries(collections) } }
}
