import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { GatewayDeployment } from '@hagane/contract'
import { monotonicSeconds } from './clock.ts'
import { FrameReader, fromWorker, packFrame, packRequest, toWorker, unpackAnswer, type WorkerAnswer } from './frames.ts'
import { onnxProgram } from './onnx-program.ts'
import type { Pending } from './pending.ts'
import { startProgram } from './warm-workers.ts'
import type { Worker, WorkerListener, WorkerStart } from './worker.ts'

/** Below this a batch of frames is copied into one buffer, above it the pieces go to writev. */
const concatLimit = 256 * 1024

/**
 * One process, of Python or for an ONNX model, and the socket pair to it (descriptor 3), so there is no socket file to go stale and the worker
 * reads end-of-file when the gateway dies. Frames handed over in one turn of the event loop leave in one write.
 */
export class WorkerProcess implements Worker {
  readonly streams = 0
  readonly pingsWhileBusy = false
  readonly #child: ChildProcess
  readonly #channel: Duplex
  readonly #reader = new FrameReader()
  #outgoing: Buffer[] = []
  #collected: Buffer | undefined
  #ended = false
  #how = 'ended'
  #signal: NodeJS.Signals | null = null

  constructor(start: WorkerStart, listener: WorkerListener) {
    const { deployment, environment, logFile } = start
    const spare = start.warm?.take(start)
    this.#child = spare ?? startProgram(...programOf(start), environment, logFile)
    this.#channel = this.#child.stdio[3] as Duplex
    this.#channel.on('error', () => this.kill())
    this.#channel.on('data', (chunk: Buffer) => this.#read(chunk, listener))
    this.#child.on('error', error => this.#end(`could not be started: ${error.message}`, listener))
    this.#child.on('exit', (code, signal) => {
      this.#signal = signal
      this.#how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`
      this.#killGroup()
    })
    this.#child.on('close', () => this.#end(this.#how, listener))
    const told = spare === undefined ? {} : { environment, log_file: logFile }
    this.#send(packFrame(toWorker.config, 0, Buffer.from(JSON.stringify({ ...configOf(deployment), ...told }))))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  request(id: number, pending: Pending, atOnce: boolean): void {
    this.#send(packRequest(id, pending.request, monotonicSeconds(pending.deadline), pending.attempts > 1))
    if (atOnce) this.#flush()
  }

  ping(): void {
    this.#send(packFrame(toWorker.ping, 0))
  }

  stop(graceMs: number): void {
    if (this.#ended) return
    this.#send(packFrame(toWorker.stop, 0))
    const timer = setTimeout(() => this.kill(), graceMs)
    this.#child.once('exit', () => clearTimeout(timer))
  }

  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#killGroup()
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  #send(frame: Buffer): void {
    if (this.#outgoing.push(frame) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const frames = this.#outgoing
    if (frames.length === 0) return
    this.#outgoing = []
    if (this.#ended || !this.#channel.writable) return
    const size = frames.reduce((sum, frame) => sum + frame.length, 0)
    if (frames.length === 1 || size <= concatLimit) {
      this.#channel.write(frames.length === 1 ? frames[0] : Buffer.concat(frames, size))
      return
    }
    this.#channel.cork()
    for (const frame of frames) this.#channel.write(frame)
    this.#channel.uncork()
  }

  #read(chunk: Buffer, listener: WorkerListener): void {
    for (const { type, id, payload } of this.#reader.push(chunk)) {
      if (type === fromWorker.answered) listener.answered(id, this.#answer(payload))
      else if (type === fromWorker.collected) this.#collected = payload
      else if (type === fromWorker.pong) listener.pong()
      else if (type === fromWorker.batched) listener.batched(id)
      else if (type === fromWorker.ready) listener.ready(JSON.parse(payload.toString('utf8')))
      else if (type === fromWorker.failed) listener.failed(JSON.parse(payload.toString('utf8')).message)
    }
  }

  /** What was collected comes right before the answer it belongs to. */
  #answer(payload: Buffer): WorkerAnswer {
    const answer = unpackAnswer(payload)
    const collected = this.#collected
    if (collected === undefined) return answer
    this.#collected = undefined
    return { ...answer, collected }
  }

  #end(how: string, listener: WorkerListener): void {
    if (this.#ended) return
    this.#ended = true
    this.#channel.destroy()
    listener.ended(how, this.#signal)
  }
}

/** The interpreter with the Python worker, or this Node with the one for ONNX models, which lies beside this program. */
function programOf({ deployment, entry, title }: WorkerStart): [string, string[]] {
  const { runtime } = deployment
  if (runtime.kind !== 'onnx') return [runtime.python, [entry, title]]
  return [process.execPath, [onnxProgram(), title]]
}

const configOf = (deployment: GatewayDeployment): object => ({
  ...deployment.runtime,
  ...(deployment.batching === undefined ? {} : { batching: deployment.batching }),
  ...(deployment.collection === undefined ? {} : { collections: deployment.collection.collections }),
})
