import { DeploymentMetrics } from './deployment-metrics.ts'
import { ShadowTally } from './shadow-tally.ts'

/** The figures of one endpoint: those of its deployments, and the requests that reached none of them. */
export class EndpointMetrics {
  readonly #deployments = new Map<string, DeploymentMetrics>()
  /** By status: no key, too many for this key, too large, unknown deployment … */
  readonly refused = new Map<number, number>()
  readonly shadows = new ShadowTally()

  /** Those of a deployment by name: a new revision goes on counting. */
  of(deployment: string): DeploymentMetrics {
    let known = this.#deployments.get(deployment)
    if (known === undefined) {
      known = new DeploymentMetrics()
      this.#deployments.set(deployment, known)
    }
    return known
  }

  /** Of every deployment that has been asked for, also of those that are gone. */
  get deployments(): Iterable<[name: string, figures: DeploymentMetrics]> {
    return this.#deployments
  }

  refuse(status: number): void {
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1)
  }
}
