import type { GatewayDeployment, GatewayEndpoint, GatewayRevisionReport, GatewayTable } from '@hagane/contract'
import { EndpointMetrics } from '../metrics/endpoint-metrics.ts'
import type { StartRevision } from '../serving/deployment-slot.ts'
import { type RevisionPlace, RevisionServer } from '../serving/revision-server.ts'
import { EndpointHost } from './endpoint-host.ts'

const logLinesInReport = 60
const keyOf = (workspace: string, name: string): string => `${workspace}/${name}`

export type Place = Omit<RevisionPlace, 'workspace' | 'endpoint' | 'metrics'>

export interface RoutingListener {
  /** A deployment's state may have changed. */
  changed(): void
  /** A revision has answered its last request. */
  drained(revisionId: string): void
}

/** The endpoints of the table that is in force. A new table changes what differs and leaves everything else running. */
export class Routing {
  readonly #endpoints = new Map<string, EndpointHost>()
  readonly #closing = new Set<EndpointHost>()
  readonly #place: Place
  readonly #listener: RoutingListener

  constructor(place: Place, listener: RoutingListener) {
    this.#place = place
    this.#listener = listener
  }

  get hosts(): Iterable<EndpointHost> {
    return this.#endpoints.values()
  }

  /** Endpoints that left the table and answer what is open. */
  get closing(): Iterable<EndpointHost> {
    return this.#closing
  }

  find(workspace: string, name: string): EndpointHost | undefined {
    return this.#endpoints.get(keyOf(workspace, name))
  }

  /** Puts a table in force. `serving` are revisions that served before a restart while a newer one had not started yet. */
  apply(table: GatewayTable, serving: Record<string, GatewayDeployment[]> = {}): void {
    const wanted = new Map(table.endpoints.map(entry => [keyOf(entry.workspace, entry.name), entry]))
    for (const [key, host] of this.#endpoints) if (!wanted.has(key)) this.#close(key, host)
    for (const [key, entry] of wanted) {
      const host = this.#endpoints.get(key)
      if (host === undefined) this.#endpoints.set(key, this.#open(entry, serving[key]))
      else host.update(entry)
    }
  }

  /** The revisions that take requests now, by endpoint: what a restart has to bring back. */
  serving(): Record<string, GatewayDeployment[]> {
    const now: Record<string, GatewayDeployment[]> = {}
    for (const [key, host] of this.#endpoints) {
      now[key] = [...host.slots.values()].map(slot => slot.serving.deployment)
    }
    return now
  }

  reports(): GatewayRevisionReport[] {
    return [...this.#endpoints.values()].flatMap(host =>
      [...host.slots.values()].flatMap(slot => slot.revisions.map(revision => reportOf(host.entry, revision))),
    )
  }

  async close(): Promise<void> {
    const hosts = [...this.#endpoints.values()]
    this.#endpoints.clear()
    await Promise.all(hosts.map(host => host.close()))
  }

  kill(): void {
    for (const host of [...this.#endpoints.values(), ...this.#closing]) host.kill()
  }

  #open(entry: GatewayEndpoint, serving: GatewayDeployment[] | undefined): EndpointHost {
    const place = { ...this.#place, workspace: entry.workspace, endpoint: entry.name }
    const { changed, drained } = this.#listener
    const measured = new EndpointMetrics()
    const start: StartRevision = (deployment, onChange) => {
      const metrics = measured.of(deployment.name)
      return new RevisionServer(deployment, { ...place, metrics }, { changed: onChange, drained })
    }
    return new EndpointHost(entry, { start, onChange: changed, metrics: measured }, serving)
  }

  #close(key: string, host: EndpointHost): void {
    this.#endpoints.delete(key)
    this.#closing.add(host)
    void host.close().then(() => {
      this.#closing.delete(host)
      this.#listener.changed()
    })
  }
}

function reportOf(entry: GatewayEndpoint, revision: RevisionServer): GatewayRevisionReport {
  const { message, pid, state } = revision
  return {
    workspace: entry.workspace,
    endpoint: entry.name,
    deployment: revision.deployment.name,
    revision_id: revision.deployment.revision_id,
    state,
    workers_ready: revision.workersReady,
    workers: revision.workers,
    restarts: revision.restarts,
    ...(pid === undefined ? {} : { pid }),
    ...(message === undefined ? {} : { message }),
    ...(state === 'failed' ? { log_tail: revision.logTail(logLinesInReport) } : {}),
  }
}
