import type { GatewayDeployment } from '@hagane/contract'
import type { WarmWorkers } from './warm-workers.ts'
import { workerEnvironment } from './worker-environment.ts'
import { type SlotOwner, WorkerSlot } from './worker-slot.ts'

/** Where a set starts its workers. */
export interface WorkerPlace {
  workspace: string
  endpoint: string
  /** serve.py of the unpacked worker. */
  entry: string
  warm?: WarmWorkers | undefined
}

/** Requests that a worker is handed ahead: batching ones as many as arrive, others only when no other worker could take them. */
const batchDepth = 256
const soloDepth = 4
const stopGraceMs = 5000

/** The workers of one revision, as many as are wanted, and those that are wanted no more and finish what they have. */
export class WorkerSet {
  readonly #place: WorkerPlace
  readonly #logFile: string
  readonly #owner: SlotOwner
  readonly #leaving = new Set<WorkerSlot>()
  #slots: WorkerSlot[] = []
  #started = 0
  #deployment: GatewayDeployment | undefined

  constructor(place: WorkerPlace, logFile: string, owner: SlotOwner) {
    this.#place = place
    this.#logFile = logFile
    this.#owner = owner
  }

  get size(): number {
    return this.#slots.length
  }

  get slots(): readonly WorkerSlot[] {
    return this.#slots
  }

  get ready(): number {
    return this.#slots.filter(slot => slot.state === 'ready').length
  }

  get restarts(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.restarts, 0)
  }

  get pids(): number[] {
    return [...this.#slots, ...this.#leaving].flatMap(slot => slot.pid ?? [])
  }

  resize(workers: number, deployment: GatewayDeployment): void {
    this.#deployment = deployment
    for (const slot of this.#slots.splice(workers)) {
      this.#leaving.add(slot)
      slot.leave(stopGraceMs)
    }
    while (this.#slots.length < workers) this.#slots.push(this.#start(deployment))
  }

  reconfigure(deployment: GatewayDeployment): void {
    this.#deployment = deployment
    for (const slot of this.#slots) slot.reconfigure(deployment)
  }

  /** The worker with the fewest requests that may take another one. */
  freest(): WorkerSlot | undefined {
    let best: WorkerSlot | undefined
    for (const slot of this.#slots) {
      if (slot.state !== 'ready' || slot.load >= this.#depth(slot) || slot.overdue) continue
      if (best === undefined || slot.load < best.load) best = slot
    }
    return best
  }

  stop(): void {
    for (const slot of [...this.#slots, ...this.#leaving]) slot.stop(stopGraceMs)
  }

  kill(): void {
    for (const slot of [...this.#slots, ...this.#leaving]) slot.kill()
  }

  #depth(slot: WorkerSlot): number {
    const { description } = slot
    if (description?.batching === true) return batchDepth
    if (description?.kind === 'command')
      return this.#deployment?.request_settings.max_concurrent_requests_per_instance ?? batchDepth
    return this.#slots.length === 1 ? soloDepth : 1
  }

  #start(deployment: GatewayDeployment): WorkerSlot {
    const { workspace, endpoint, entry, warm } = this.#place
    const title = `${workspace}/${endpoint}/${deployment.name}/${this.#started++}`
    const environment = workerEnvironment(deployment, endpoint)
    return new WorkerSlot(
      { deployment, title, entry, environment, logFile: this.#logFile, warm },
      {
        ...this.#owner,
        changed: slot => {
          if (slot.state === 'stopped') this.#leaving.delete(slot)
          this.#owner.changed(slot)
        },
      },
    )
  }
}
