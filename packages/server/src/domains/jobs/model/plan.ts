import type {
  EarlyTermination,
  EnvironmentSpec,
  GitState,
  inputModes,
  JobSpec,
  outputModes,
  RunReason,
  SearchSpace,
} from '@hagane/contract'

export type InputMode = (typeof inputModes)[number]
export type OutputMode = (typeof outputModes)[number]

/** The value of an input, as far as it is known at submit. Content is named by digest; the rest is known when the step starts. */
export type InputValue =
  | { kind: 'literal'; text: string }
  /** Optional and without a value. */
  | { kind: 'none' }
  | { kind: 'content'; tree: string; path: string; mode: InputMode; uri: string; asset?: string; type?: string }
  /** A datastore path, which an earlier step may still write: read when the step starts. */
  | { kind: 'late'; uri: string; mode: InputMode }
  /** `mode: direct`: the command gets the address itself. */
  | { kind: 'address'; uri: string }
  | { kind: 'node-output'; node: string; output: string; mode: InputMode }
  /** The value that a sibling has under that name. */
  | { kind: 'node-input'; node: string; name: string; mode?: InputMode }
  | { kind: 'parent-input'; name: string; mode?: InputMode }
  /** Text with `${{parent.inputs.x}}` inside. */
  | { kind: 'template'; text: string }

export interface OutputPlan {
  type: string
  mode: OutputMode
  /** Datastore address to write to; may hold `${{name}}`. */
  path?: string
  /** Registers the output as an asset under this name when the job completes. */
  name?: string
  version?: string
  /** It stays with the job: neither registered nor written to a datastore. */
  unpublished?: true
  /** The parent's output that this one becomes. */
  publish?: string
}

/** Several processes of one command, all on one host. `parameterServers` are TensorFlow's, beside `instances` workers. */
export interface DistributionPlan {
  type: 'pytorch' | 'tensorflow' | 'mpi'
  instances: number
  processesPerInstance: number
  parameterServers: number
}

/** What the author allows: without it only what failed before the command began is tried again. */
export interface RetryPlan {
  max: number
  on: readonly ('failure' | 'killed' | 'lost')[]
  /** seconds before the second try */
  backoff?: number
}

export interface CommandPlan {
  kind: 'command'
  command: string
  code?: { tree: string; path: string }
  environment: string | EnvironmentSpec | null
  /** Digest of the environment's definition; the lock may not exist yet. */
  environmentDigest: string
  environmentId?: string
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputPlan>
  variables: Record<string, string>
  distribution?: DistributionPlan
  /** seconds */
  timeout?: number
  retry?: RetryPlan
  /** What it takes of its machine. */
  load?: { cores: number; memoryMb: number }
  /** Place in the queue; 0 is the middle, higher is earlier. */
  priority?: number
  deterministic: boolean
  component?: { name: string; version: string; digest: string }
  /** Values of this trial's search space. */
  search?: Record<string, string>
  /** Taken from the cache when possible: steps of pipelines, and single jobs that say `reuse:`. */
  reusable: boolean
  /** Why it is not reusable. */
  rerun?: RunReason
  /** Seconds after which a result is not taken any more; the server's setting when left out. */
  maxAge?: number
  /** Digest of the lock to run in, whatever the definition would be resolved to now. */
  environmentLock?: string
}

/** A node runs only if the condition of an `if_else` node, which an earlier step may decide, is `when`. */
export interface Guard {
  condition: string
  when: boolean
  source: { kind: 'literal'; value: boolean } | { kind: 'output'; node: string; output: string }
}

export interface PipelinePlan {
  kind: 'pipeline'
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputPlan>
  /** Node key → the nodes whose outputs it needs. */
  nodes: Record<string, { after: string[]; only?: Guard[] }>
  /** Some node has a guard. */
  conditional?: true
  continueOnStepFailure: boolean
  component?: { name: string; version: string; digest: string }
}

/** Where the points of a sweep come from; `bayesian` asks for each, the others know them all from the beginning. */
export interface Sampling {
  algorithm: 'random' | 'sobol' | 'grid' | 'bayesian'
  /** Equal seeds give equal points; without one the sweep's own name is the seed. */
  seed?: string
}

export interface SweepPlan {
  kind: 'sweep'
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputPlan>
  objective: { goal: 'minimize' | 'maximize'; metric: string }
  space: SearchSpace
  sampling: Sampling
  earlyTermination?: EarlyTermination
  maxTotal: number
  maxConcurrent: number
  /** seconds, of the whole sweep */
  timeout?: number
  /** What every trial is, but for its point of the search space. */
  trial: Pick<PlannedJob, 'displayName' | 'compute' | 'spec' | 'params'> & { plan: CommandPlan }
}

export type Plan = CommandPlan | PipelinePlan | SweepPlan

/** A job ready to be stored, with its steps or trials. */
export interface PlannedJob {
  name: string
  step?: string
  displayName: string
  compute?: string
  description?: string
  tags: Record<string, string>
  properties: Record<string, string>
  spec: Record<string, unknown>
  plan: Plan
  /** MLflow parameters known at submit. */
  params: Record<string, string>
  children: PlannedJob[]
}

export interface Submission {
  job: JobSpec
  git?: GitState | undefined
  default_experiment_name?: string | undefined
}

export interface StoredOutput {
  type: string
  tree: string
  path: string
  /** The text of a boolean, number or string. */
  value?: string
  /** `azureml:<name>:<version>` when it was registered. */
  asset?: string
  /** Where it was written in a datastore. */
  uri?: string
}
