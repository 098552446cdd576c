import type { GatewayDeployment } from '@hagane/contract'
import type { TensorSpec } from '../inference/tensor.ts'
import type { WorkerAnswer } from './frames.ts'
import type { Pending } from './pending.ts'
import type { WarmWorkers } from './warm-workers.ts'

/** What a worker says of its model once it is loaded. */
export interface ModelDescription {
  kind: 'score' | 'mlflow' | 'onnx' | 'command'
  /** The worker wants path, query and headers of each request. */
  needs_head: boolean
  /** Requests that arrive together are answered by one predict call. */
  batching: boolean
  /** What it has imported of the packages that take long. */
  modules?: string[]
  swagger: { documents: Record<string, object>; input: object; output: object }
  /** What the model takes and answers after the Open Inference Protocol; a worker that does not say answers as text. */
  metadata?: ModelMetadata
}

export interface ModelMetadata {
  platform: string
  /** Version of the library that answers. */
  version?: string
  inputs: TensorSpec[]
  outputs: TensorSpec[]
}

export interface WorkerListener {
  ready(description: ModelDescription): void
  failed(message: string): void
  answered(id: number, answer: WorkerAnswer): void
  pong(): void
  /** An answer that was given out has been written to its end. */
  streamed(): void
  /** It answers so many requests, two or more, with one predict call. */
  batched(size: number): void
  /** The process has ended, by a signal or by itself; nothing else follows. */
  ended(how: string, signal?: NodeJS.Signals | null): void
}

export interface WorkerStart {
  deployment: GatewayDeployment
  title: string
  entry: string
  environment: Record<string, string>
  logFile: string
  /** Where Pythons wait that have imported what it needs. */
  warm?: WarmWorkers | undefined
}

/** What fills a place of a deployment: a process of its own, whatever way it is spoken to. */
export interface Worker {
  readonly pid: number | undefined
  /** Answers that were given out and are still being written. */
  readonly streams: number
  /** It answers a ping also while it has requests. */
  readonly pingsWhileBusy: boolean
  /** Why it is not ready yet, as far as it is known. */
  readonly trouble?: string | undefined
  /** `atOnce`: the worker is idle, and starts while the rest of this turn's requests are still being read. */
  request(id: number, pending: Pending, atOnce: boolean): void
  ping(): void
  /** Lets it finish what it has been sent, then ends it; after `graceMs` by force. */
  stop(graceMs: number): void
  /** Ends it and every process it started. */
  kill(): void
}
