import type { ChildProcess } from 'node:child_process'
import { Agent } from 'node:http'
import type { GatewayRuntime, ProbeSettings } from '@hagane/contract'
import { forwardRequest } from './command-call.ts'
import { mapPorts, signalGroup, startCommand } from './command-process.ts'
import type { WorkerAnswer } from './frames.ts'
import type { Pending } from './pending.ts'
import { probe } from './probe.ts'
import type { ModelDescription, Worker, WorkerListener, WorkerStart } from './worker.ts'

type CommandRuntime = Extract<GatewayRuntime, { kind: 'command' }>

/** While it starts it is looked at more often than `period` says: it is the start that people wait for. */
const startProbeMs = 50
/** How long after a broken connection the end of the process may still be told. */
const settleMs = 300

const description: ModelDescription = {
  kind: 'command',
  needs_head: false,
  batching: false,
  swagger: { documents: {}, input: {}, output: {} },
}

/** A server that somebody else wrote: a process with a port of its own, which is probed and spoken to by HTTP. */
export class CommandWorker implements Worker {
  readonly pingsWhileBusy = true
  streams = 0
  trouble: string | undefined
  readonly #runtime: CommandRuntime
  readonly #readiness: ProbeSettings
  readonly #liveness: ProbeSettings
  readonly #listener: WorkerListener
  readonly #agent = new Agent({ keepAlive: true })
  #ports = new Map<number, number>()
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #open = 0
  #stopping = false
  #ended = false
  #drained: (() => void) | undefined

  constructor(start: WorkerStart, listener: WorkerListener) {
    this.#runtime = start.deployment.runtime as CommandRuntime
    this.#readiness = start.deployment.readiness_probe
    this.#liveness = start.deployment.liveness_probe
    this.#listener = listener
    this.#begin(start).catch((error: Error) => this.#end(`could not be started: ${error.message}`))
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  request(id: number, pending: Pending): void {
    const { request } = pending
    const { path, port } = this.#runtime.scoring_route
    const forward = request.forward ?? { path: undefined, query: '', headers: [], prefix: '' }
    const target = forward.path ?? path
    this.#open += 1
    const call = forwardRequest(
      {
        agent: this.#agent,
        port: this.#portOf(port),
        method: request.method,
        path: forward.query === '' ? target : `${target}?${forward.query}`,
        headers: [...forward.headers, 'x-hagane-prediction-id', request.name],
        body: request.body,
        prefix: forward.prefix,
        idleMs: Math.max(1, pending.deadline - pending.arrivedAt),
      },
      outcome => {
        if (outcome.kind === 'answered') this.#answered(id, pending, outcome.answer)
        else if (pending.timedOut) this.#broken(id, outcome.reason)
        else setTimeout(() => this.#broken(id, outcome.reason), settleMs)
      },
    )
    const late = pending.onTimeout
    pending.onTimeout = () => {
      late?.()
      call.destroy(new Error('the caller does not wait any longer'))
    }
  }

  ping(): void {
    const { path, port } = this.#runtime.liveness_route
    void probe({ agent: this.#agent, port: this.#portOf(port), path, timeoutMs: this.#liveness.timeout * 1000 }).then(
      trouble => {
        if (trouble === undefined) this.#listener.pong()
      },
    )
  }

  stop(graceMs: number): void {
    if (this.#stopping) return
    this.#stopping = true
    clearTimeout(this.#timer)
    const end = (): void => {
      if (this.#child === undefined || this.#ended) return
      signalGroup(this.#child, 'SIGTERM')
      const force = setTimeout(() => this.kill(), graceMs)
      this.#child.once('exit', () => clearTimeout(force))
    }
    if (this.#open === 0) end()
    else this.#drained = end
  }

  kill(): void {
    clearTimeout(this.#timer)
    this.#stopping = true
    if (this.#child !== undefined) signalGroup(this.#child, 'SIGKILL')
  }

  async #begin(start: WorkerStart): Promise<void> {
    const { liveness_route, readiness_route, scoring_route, command, code_dir, model_dir } = this.#runtime
    const { ports, variables } = await mapPorts([scoring_route.port, readiness_route.port, liveness_route.port])
    if (this.#stopping) return this.#end('was stopped')
    this.#ports = ports
    this.#child = startCommand({
      command,
      directory: code_dir ?? model_dir,
      environment: { ...variables, ...start.environment },
      logFile: start.logFile,
    })
    this.#child.stdio[3]?.on('error', () => undefined)
    this.#child.on('error', error => this.#end(`could not be started: ${error.message}`))
    this.#child.on('exit', (code, signal) => {
      if (this.#child !== undefined) signalGroup(this.#child, 'SIGKILL')
      this.#end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`, signal)
    })
    this.#timer = setTimeout(() => void this.#awaitReady(this.#readiness.success_threshold), startProbeMs)
  }

  /** Looks until the server has answered well `left` times in a row. How long it may take is the slot's to say. */
  async #awaitReady(left: number): Promise<void> {
    const { path, port } = this.#runtime.readiness_route
    const trouble = await probe({
      agent: this.#agent,
      port: this.#portOf(port),
      path,
      timeoutMs: this.#readiness.timeout * 1000,
    })
    if (this.#ended || this.#stopping) return
    this.trouble =
      trouble && `its readiness_route ${path} (port ${port}, which is $PORT_${port} for the command) ${trouble}`
    const still = trouble === undefined ? left - 1 : this.#readiness.success_threshold
    if (still === 0) this.#listener.ready(description)
    else this.#timer = setTimeout(() => void this.#awaitReady(still), startProbeMs)
  }

  #answered(id: number, pending: Pending, answer: WorkerAnswer): void {
    const { stream } = answer
    if (stream === undefined) this.#leave()
    else {
      this.streams += 1
      stream.once('close', () => {
        this.streams -= 1
        this.#leave()
        this.#listener.streamed()
      })
      if (pending.settled) stream.destroy()
    }
    if (!this.#ended) this.#listener.answered(id, answer)
  }

  /** The connection broke. Where the process has ended with it, its requests are given to another one by the slot. */
  #broken(id: number, reason: string): void {
    this.#leave()
    if (this.#ended) return
    const error = { code: 'internal', message: `the server behind the deployment did not answer: ${reason}` }
    this.#listener.answered(id, {
      status: 502,
      rows: 0,
      headers: [['content-type', 'application/json']],
      body: Buffer.from(JSON.stringify({ error })),
    })
  }

  #leave(): void {
    this.#open -= 1
    if (this.#open === 0) this.#drained?.()
  }

  #portOf(named: number): number {
    return this.#ports.get(named) ?? named
  }

  #end(how: string, signal: NodeJS.Signals | null = null): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#agent.destroy()
    this.#child?.stdio[3]?.destroy()
    this.#listener.ended(how, signal)
  }
}
