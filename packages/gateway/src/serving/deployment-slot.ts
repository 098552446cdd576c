import type { GatewayDeployment } from '@hagane/contract'
import type { RevisionServer } from './revision-server.ts'

/** Starts a revision's workers. `onChange` is called when its state may have changed. */
export type StartRevision = (deployment: GatewayDeployment, onChange: () => void) => RevisionServer

/**
 * One named deployment. A new revision is started beside the one that serves and takes over when it is ready; the old
 * one is then drained, so a change drops no request, and a change that does not start leaves the old revision serving.
 */
export class DeploymentSlot {
  #serving: RevisionServer
  #next: RevisionServer | undefined
  readonly #draining = new Set<RevisionServer>()
  readonly #start: StartRevision
  readonly #onChange: () => void

  constructor(deployment: GatewayDeployment, start: StartRevision, onChange: () => void) {
    this.#start = start
    this.#onChange = onChange
    this.#serving = start(deployment, () => this.#changed())
  }

  /** The revision that takes requests. */
  get serving(): RevisionServer {
    return this.#serving
  }

  /** Every revision that runs here, the wanted one first. */
  get revisions(): RevisionServer[] {
    return [...(this.#next === undefined ? [] : [this.#next]), this.#serving, ...this.#draining]
  }

  want(deployment: GatewayDeployment): void {
    const id = deployment.revision_id
    if (this.#next?.deployment.revision_id === id) {
      this.#next.reconfigure(deployment)
      return
    }
    if (this.#next !== undefined) this.#retire(this.#next)
    this.#next = undefined
    if (this.#serving.deployment.revision_id === id) {
      this.#serving.reconfigure(deployment)
      return
    }
    this.#next = this.#start(deployment, () => this.#changed())
  }

  async remove(): Promise<void> {
    const all = [this.#serving, ...(this.#next === undefined ? [] : [this.#next])]
    this.#next = undefined
    await Promise.all([...all.map(revision => revision.drain())])
  }

  kill(): void {
    for (const revision of this.revisions) revision.kill()
  }

  #changed(): void {
    if (this.#next?.state === 'ready' || (this.#next !== undefined && this.#serving.state === 'failed')) {
      const old = this.#serving
      this.#serving = this.#next
      this.#next = undefined
      this.#retire(old)
    }
    this.#onChange()
  }

  #retire(revision: RevisionServer): void {
    this.#draining.add(revision)
    void revision.drain().then(() => {
      this.#draining.delete(revision)
      this.#onChange()
    })
  }
}
