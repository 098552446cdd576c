import { type GatewayDeployment, type GatewayEndpoint, HaganeError } from '@hagane/contract'
import type { EndpointMetrics } from '../metrics/endpoint-metrics.ts'
import { DeploymentSlot, type StartRevision } from '../serving/deployment-slot.ts'
import { admitLocal, Credentials } from './authenticate.ts'
import { type Caller, type StickyBy, stickyBy } from './sticky.ts'
import { pickByTraffic } from './traffic.ts'

const hasServers = (entry: GatewayEndpoint): boolean =>
  entry.deployments.some(({ runtime }) => runtime.kind === 'command')
export interface HostParts {
  start: StartRevision
  onChange: () => void
  metrics: EndpointMetrics
}

/** One endpoint: who may call it, how its traffic is split, and its deployments. */
export class EndpointHost {
  readonly metrics: EndpointMetrics
  #entry: GatewayEndpoint
  #credentials: Credentials
  #sticky: StickyBy | undefined
  readonly #slots = new Map<string, DeploymentSlot>()
  readonly #start: StartRevision
  readonly #onChange: () => void
  #hasServers: boolean

  constructor(entry: GatewayEndpoint, parts: HostParts, serving: GatewayDeployment[] = []) {
    this.#entry = entry
    this.#credentials = new Credentials(entry)
    this.#hasServers = hasServers(entry)
    this.#sticky = stickyBy(entry)
    this.#start = parts.start
    this.#onChange = parts.onChange
    this.metrics = parts.metrics
    for (const deployment of serving) this.#open(deployment)
    this.#settle()
  }

  get entry(): GatewayEndpoint {
    return this.#entry
  }

  get credentials(): Credentials {
    return this.#credentials
  }

  get slots(): ReadonlyMap<string, DeploymentSlot> {
    return this.#slots
  }

  update(entry: GatewayEndpoint): void {
    this.#entry = entry
    this.#credentials = new Credentials(entry, this.#credentials)
    this.#sticky = stickyBy(entry)
    this.#hasServers = hasServers(entry)
    this.#settle()
  }

  /** A deployment here is a server of its author's, which may have routes and methods of its own. */
  get hasServers(): boolean {
    return this.#hasServers
  }

  /** Throws `unauthenticated`, `forbidden` or `rate_limited` unless this request may go on. */
  admit(request: Caller): void {
    const { authorization, host } = request.headers
    if (this.#entry.local === true) admitLocal(this.#entry.name, request.socket.remoteAddress, host)
    else this.#credentials.check(authorization)
  }

  /** Where a request falls in the split, in [0, 1): the same for the same caller where the endpoint is sticky. */
  draw(request: Caller, body: Buffer): number {
    return this.#sticky?.(request, body) ?? Math.random()
  }

  /** The deployment a request goes to: the one its header names, or one by the split. Throws `not_found`. */
  choose(named: string | undefined, draw: () => number = Math.random): DeploymentSlot {
    const name = named ?? pickByTraffic(this.#entry.traffic, draw())
    const slot = name === undefined ? undefined : this.#slots.get(name)
    if (slot !== undefined) return slot
    const known = [...this.#slots.keys()].join(', ') || 'none'
    if (named !== undefined) {
      throw new HaganeError('not_found', `endpoint '${this.#entry.name}' has no deployment '${named}'`, {
        details: [{ property: 'azureml-model-deployment', message: 'unknown deployment', sent: named, allowed: known }],
      })
    }
    throw new HaganeError('not_found', `endpoint '${this.#entry.name}' has no deployment that takes traffic`, {
      hint: `give one traffic, or name one in the header azureml-model-deployment (deployments: ${known})`,
    })
  }

  /** Deployments that get a copy of a request, drawn one by one; never the one that answers it. */
  mirrors(answering: DeploymentSlot, draw: () => number = Math.random): DeploymentSlot[] {
    const copies: DeploymentSlot[] = []
    for (const [name, share] of Object.entries(this.#entry.mirror_traffic)) {
      const slot = this.#slots.get(name)
      if (slot !== undefined && slot !== answering && draw() * 100 < share) copies.push(slot)
    }
    return copies
  }

  async close(): Promise<void> {
    const slots = [...this.#slots.values()]
    this.#slots.clear()
    await Promise.all(slots.map(slot => slot.remove()))
  }

  kill(): void {
    for (const slot of this.#slots.values()) slot.kill()
  }

  #settle(): void {
    const wanted = new Set(this.#entry.deployments.map(deployment => deployment.name))
    for (const [name, slot] of this.#slots) {
      if (wanted.has(name)) continue
      this.#slots.delete(name)
      void slot.remove().then(this.#onChange)
    }
    for (const deployment of this.#entry.deployments) {
      const slot = this.#slots.get(deployment.name)
      if (slot === undefined) this.#open(deployment)
      else slot.want(deployment)
    }
  }

  #open(deployment: GatewayDeployment): void {
    this.#slots.set(deployment.name, new DeploymentSlot(deployment, this.#start, this.#onChange))
  }
}
