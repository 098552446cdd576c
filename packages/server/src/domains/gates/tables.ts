import type { Stamps } from '../../kernel/stamps.ts'

/** Tables of migration 0093. JSON is text. */
export type GateTables = {
  gates: Stamps & { workspace: string; name: string; spec: string }
  gate_runs: Stamps & {
    workspace: string
    /** Also that of its job, where it has one. */
    name: string
    /** Counts the runs of the server. */
    seq: number
    gate: string
    /** The gate as it was. */
    spec: string
    /** RunModels. */
    models: string
    status: string
    result: string | null
    message: string | null
    /** GateCheck[]. */
    checks: string
    /** A caller's key: who runs it again with the same one gets this run. */
    idempotency: string | null
  }
}
export type GateRow = GateTables['gates']
export type GateRunRow = GateTables['gate_runs']

/** One of the models that a run judges, resolved. */
export interface RunModel {
  /** `azureml:<name>:<version>`. */
  id: string
  tree: string
  path: string
  runId?: string
}
export interface RunModels {
  candidate: RunModel
  champion?: RunModel
  /** The data, as a version that does not change. */
  data?: string
  /** There is a job that scores, named as the run. */
  hasJob: boolean
}
