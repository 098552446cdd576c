import type { Readable } from 'node:stream'
import type { inputModes, TreeEntry, TreeManifest } from '@hagane/contract'
import type { StepContainer } from './container/container-arguments.ts'

/** Where a runner takes content from and puts it: blobs by SHA-256 and trees of them. A local store or a server's API. */
export interface ContentStore {
  /** The bytes of a blob; the stream fails when there is no such blob. */
  openBlob(digest: string): Readable
  /** Writes a blob to a new file and answers its size, if the store lies on this machine: faster than streaming. */
  copyBlob?(digest: string, path: string): Promise<number>
  getTree(digest: string): Promise<TreeManifest>
  /** A read-only folder holding the whole tree, shared by every step that asks. Without it each step gets its own copy. */
  materialize?(treeDigest: string): Promise<string>
  /** Stores a file's bytes, streaming. */
  putFile(path: string): Promise<{ digest: string; size: number }>
  putTree(entries: TreeEntry[]): Promise<StoredTree>
}

export interface StoredTree {
  digest: string
  /** bytes */
  size: number
  fileCount: number
}

export interface StepInput {
  name: string
  /**
   * `tree`: content by digest; `path` is '' for the whole folder, else a file or folder inside it.
   * `path`: an absolute path that is already there, handed to the command as it is, in every mode.
   */
  source: { kind: 'tree'; digest: string; path: string } | { kind: 'path'; path: string }
  /**
   * `rw_mount` of a tree is a private copy that the command may change; every other mode is the shared read-only folder.
   * A URI that the command wants as text (Azure's `direct`) is no input of the runner: `render` writes it.
   */
  mode: (typeof inputModes)[number]
}

export interface StepOutput {
  name: string
  kind: 'file' | 'folder'
  /** Absolute target: the folder, or for `file` the file itself. Default: `<folder>/outputs-named/<name>[/<fileName>]`. */
  path?: string
  /** Name of a `file` output without `path`; default is the output's name. */
  fileName?: string
}

/** Paths of inputs and outputs by name, as the command sees them. */
export interface StepPaths {
  inputs: Record<string, string>
  outputs: Record<string, string>
}

/** A step of several processes, all on this host. `parameterServers` are TensorFlow's, beside `instances` workers. */
export interface Distribution {
  type: 'pytorch' | 'tensorflow' | 'mpi'
  instances: number
  processesPerInstance: number
  parameterServers: number
}

/** One attempt at one step. Everything in it is resolved: digests, not references. */
export interface StepPlan {
  name: string
  /** Absolute, one for each attempt, e.g. `<data>/jobs/<name>/1`. */
  folder: string
  /** The command line, once the paths are known. */
  render(paths: StepPaths): string
  /** `path` is '' for the whole tree, else the folder or the one file that becomes the working directory's content. */
  code?: { tree: string; path: string }
  inputs: StepInput[]
  outputs: StepOutput[]
  /** Variables of this step; they win over what is inherited. */
  environment: Record<string, string>
  /** The environment's prefix: its `bin` comes first on PATH. */
  python?: { prefix: string }
  /** The command installs packages: it gets a private environment that sees the packages of `python`. */
  needsOwnPackages?: boolean
  /** What the log says before the command's own lines, e.g. what was taken otherwise than the author wrote. */
  notes?: readonly string[]
  /** Counted from the command's start; then the process tree is ended and the reason is `timeout`. */
  timeoutSeconds?: number
  /** Starts the command once for each rank; without it one process runs it. */
  distribution?: Distribution
  /** The command runs in this container instead of as a process of its own. Not together with `distribution`. */
  container?: StepContainer
  /** Folder put on PYTHONPATH; default is the one that comes with Hagane. */
  shims?: string
}

/** A step whose folder is complete; only the command is missing. */
export interface StagedStep {
  name: string
  folder: string
  command: string
  paths: StepPaths
  /** Everything the process gets, nothing is added later. Kept in memory only, since it holds secrets. */
  environment: Record<string, string>
  timeoutSeconds?: number
}

export interface StepExit {
  /** What the shell reports: the command's own code, 128 + n after signal n; null when nobody could see it. */
  code: number | null
  /** `lost`: it ran, and nobody could see how it ended. `unstarted`: its wrapper was killed before the command began. */
  reason: 'exited' | 'timeout' | 'canceled' | 'lost' | 'unstarted'
  /** The rank of a distributed step whose failure ended the others; `code` is its code. */
  rank?: number
  /** The container did not begin: the engine's own words. */
  engine?: string
  /** RFC 3339, UTC, milliseconds */
  startedAt: string
  endedAt: string
}

export interface RunningStep {
  readonly folder: string
  /** The process group's leader: the shell that writes the exit code. */
  readonly pid: number
  readonly startedAt: string
  /** Settles after the whole process group has ended; never rejects. */
  readonly exit: Promise<StepExit>
  /** SIGTERM to the process tree, SIGKILL after the grace (default 10 s). Resolves when everything has ended. */
  cancel(graceSeconds?: number): Promise<void>
  /** Stops watching; the process goes on, `exit` never settles. `adopt` takes it up again, from here or from elsewhere. */
  release(): void
}

export type Adopted =
  | { state: 'never-started' }
  | { state: 'running'; step: RunningStep }
  | { state: 'exited'; exit: StepExit }
  | { state: 'lost'; reason: string; startedAt: string }

export interface CollectedOutput extends StoredTree {
  /** Name of the file inside the tree, '' for a folder. */
  path: string
}

export interface Collected {
  outputs: Record<string, CollectedOutput>
  /** Outputs whose file or folder the command did not leave behind. */
  missing: string[]
  /** `outputs/` and `logs/` of the working directory, and in `user_logs/` the log as `std_log.txt` and each rank's own. */
  artifacts: StoredTree | undefined
  /** bytes */
  logSize: number
}
