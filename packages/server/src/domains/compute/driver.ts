/**
 * What a place where steps run has to offer: everything that a driver for Slurm, Kubernetes or Ray implements. The server
 * decides what runs and when, keeps every state, and calls these functions; a driver keeps nothing but the attempt's folder.
 * `docs/guides/compute-drivers.md` says how, and how the runner's one file does most of it.
 */
import type { inputModes } from '@hagane/contract'

export interface ComputeDriver {
  /**
   * Stages the content and starts the command. Resolves when it is about to run, rejects when it will not run; runs at most once for
   * a folder, however often it is called and whoever was killed meanwhile. The command outlives this server.
   */
  start(work: StepWork): Promise<StepProcess>
  /**
   * What became of an attempt that an earlier server, or this one, started. Starts nothing. `never-started` only when that is
   * certain: the server then starts it. `lost`: it ran and nobody saw its end; nothing of it runs any more.
   */
  adopt(
    folder: string,
  ): Promise<
    | { state: 'never-started' }
    | { state: 'running'; step: StepProcess }
    | { state: 'exited'; exit: StepExit }
    | { state: 'lost'; reason: string; startedAt: string }
  >
  /** Stores what a step that has ended left behind. May be repeated. Throws `invalid` for what no tree can hold. */
  collect(folder: string): Promise<StepResult>
  /** What a failed step left in `outputs/` and `logs/`, and its log. */
  collectArtifacts(folder: string): Promise<{ digest: string } | undefined>
  /** At most `limit` bytes of the log from a byte offset, while it runs and afterwards; empty where there is no more. */
  readLog(folder: string, offset: number, limit: number): Promise<{ bytes: Buffer; size: number }>
  /** The last lines of the log, for error messages. */
  tail(folder: string, lines: number): Promise<string[]>
  /** Removes everything of an attempt but its records and its log. */
  clean(folder: string): Promise<void>
  /** Whether the kernel has ended a process for lack of memory since the attempt was staged. */
  ranOutOfMemory(folder: string): boolean
  /** Measures a running step until told to end; `tell` is called about every ten seconds, `failed` hears what it rejects with. */
  measure(
    step: { folder: string; pid: number; startedAt: string },
    tell: (points: readonly UsagePoint[]) => Promise<void>,
    failed: (error: unknown) => void,
  ): Measuring
  /** What an attempt has used so far, or had at its end. */
  usageOf(folder: string): StepUsage
}

/** One step, ready to run: everything in digests and text. */
export interface StepWork {
  name: string
  /** Absolute, one for each attempt: its identity, and where a driver may keep what it must remember. */
  folder: string
  /** The command line, once the paths are known. */
  render(paths: { inputs: Record<string, string>; outputs: Record<string, string> }): string
  /** The tree, or the part of it at `path`, becomes the working directory's content. */
  code?: { tree: string; path: string }
  inputs: {
    name: string
    source: { kind: 'tree'; digest: string; path: string } | { kind: 'path'; path: string }
    mode: (typeof inputModes)[number]
  }[]
  outputs: { name: string; kind: 'file' | 'folder'; fileName?: string }[]
  /** Variables of the step; they hold its token. */
  environment: Record<string, string>
  /** The environment's packages: the prefix' `bin` comes first on PATH. */
  python?: { prefix: string }
  container?: ContainerPlace
  /** The command installs packages: it gets a private environment over that of `python`. */
  needsOwnPackages?: boolean
  /** Several processes of the command. */
  distribution?: {
    type: 'pytorch' | 'tensorflow' | 'mpi'
    instances: number
    processesPerInstance: number
    parameterServers: number
  }
  /** Lines that stand in the log before the command's own. */
  notes?: readonly string[]
  /** Counted from the command's start. */
  timeoutSeconds?: number
}

/** Where a command runs, if not as a process of the machine itself. */
export interface ContainerPlace {
  /** Program of the engine. */
  engine: string
  kind: 'docker' | 'podman'
  rootless: boolean
  /** SHA-256 of an image that the engine has. */
  image: string
  /** Folders shown read-only at the same path. */
  readOnly: string[]
}

/** A step's process, which outlives this server. */
export interface StepProcess {
  readonly pid: number
  readonly startedAt: string
  /** Settles when nothing of the step runs any more; never rejects. */
  readonly exit: Promise<StepExit>
  /** Asks all processes of the step to end, and ends them after the grace. Resolves when they have ended. */
  cancel(graceSeconds?: number): Promise<void>
  /** Stops watching; the step goes on. */
  release(): void
}

export interface StepExit {
  code: number | null
  /** `unstarted`: what was to begin the command was killed before it did; it may be started again. */
  reason: 'exited' | 'timeout' | 'canceled' | 'lost' | 'unstarted'
  /** The rank of a distributed step whose failure ended the others. */
  rank?: number
  /** Its container did not begin: the engine's own words. */
  engine?: string
  startedAt: string
  endedAt: string
  /** As far as it was measured. */
  usage?: StepUsage
}

/** What the processes of a step have used together. */
export interface StepUsage {
  /** bytes */
  peak_memory_bytes?: number
  cpu_seconds?: number
}

/** Measured values of a running step, by MLflow's names of system metrics. */
export interface UsagePoint {
  /** Epoch milliseconds. */
  timestamp: number
  step: number
  values: Record<string, number>
}

export interface Measuring {
  /** Tells no more points, also after a restart; the peak is still kept. */
  silence(): void
  /** Tells the last points; never rejects. */
  end(): Promise<void>
}

export interface StepResult {
  outputs: Record<string, { digest: string; path: string; size: number; fileCount: number }>
  /** Outputs that the command did not leave behind. */
  missing: string[]
  artifacts: { digest: string } | undefined
}
