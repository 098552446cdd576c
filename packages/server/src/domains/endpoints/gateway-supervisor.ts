import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type GatewayFile, gatewayFile, HaganeError } from '@hagane/contract'
import type { Logger } from '../../kernel/log.ts'
import { askStatus } from './gateway-status.ts'

export interface SupervisorDeps {
  /** The gateway's own folder. */
  dir: string
  logsDir: string
  /** The gateway's program. */
  entry: string
  host: string
  /** 0: a free one, chosen once. */
  port: number
  /** PEM files, both or none. */
  tls: { certFile: string; keyFile: string } | undefined
  log: Logger
  /** Address of this server's API. */
  url: () => string
  /** A token for the gateway's calls; undefined where none is needed. */
  token: () => Promise<string | undefined>
}

const watchMs = 500
const startMs = 60_000
const stopMs = 40_000
const lookMs = 25

export interface GatewayAddresses {
  /** Base URL. */
  readonly http: string
  /** `host:port` of the Open Inference Protocol over gRPC. */
  readonly grpc?: string
}

/**
 * Keeps one gateway running beside this server. It is started detached and outlives the server; one that runs already is
 * adopted and told where this server is now. One that died is started again, on the same port.
 */
export class GatewaySupervisor {
  readonly #deps: SupervisorDeps
  #starting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #greeted = false

  constructor(deps: SupervisorDeps) {
    this.#deps = deps
  }

  /** Base address of the gateway for callers; its port is known once it has run. */
  address(): string {
    const { host } = this.#deps
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    const file = this.#file()
    const port = file?.port ?? this.#deps.port
    const scheme = file?.scheme ?? (this.#deps.tls === undefined ? 'http' : 'https')
    return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`
  }

  /** Where callers reach the gateway; the gRPC side is known once it has run. */
  addresses(): GatewayAddresses {
    const http = this.address()
    const port = this.#file()?.grpc_port
    return { http, ...(port === undefined ? {} : { grpc: `${new URL(http).hostname}:${port}` }) }
  }

  running(): GatewayFile | undefined {
    const file = this.#file()
    return file !== undefined && isAlive(file.pid) ? file : undefined
  }

  /** The gateway that runs, if it is one: after a restart of the machine its pid may be somebody else's. */
  async #answering(): Promise<GatewayFile | undefined> {
    const file = this.running()
    if (file === undefined) return undefined
    try {
      const authorization = `Bearer ${readFileSync(join(this.#deps.dir, 'admin-token'), 'utf8').trim()}`
      const said = await askStatus(`${this.address()}/admin/status`, authorization, this.#deps.tls?.certFile)
      return said.gateway?.pid === file.pid ? file : undefined
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? file : undefined
    }
  }

  /** Resolves when a gateway runs and knows this server. Calls at the same time share one start. From then on it is watched. */
  async ensure(): Promise<void> {
    if (this.#greeted && this.running() !== undefined) return
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    await this.#starting
    this.#timer ??= setInterval(() => this.#watch(), watchMs).unref()
  }

  /** Stops watching; the gateway goes on. */
  release(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Ends the gateway: it answers what is open first. */
  async end(): Promise<void> {
    this.release()
    await this.#starting
    const file = await this.#answering()
    if (file === undefined) return
    process.kill(file.pid, 'SIGTERM')
    for (const end = Date.now() + stopMs; isAlive(file.pid) && Date.now() < end; ) await pause(lookMs)
    if (isAlive(file.pid)) process.kill(file.pid, 'SIGKILL')
  }

  #watch(): void {
    if (this.#starting !== undefined || this.running() !== undefined) return
    this.#deps.log.warn('the gateway has ended; starting it again')
    this.ensure().catch((error: unknown) => this.#deps.log.error({ err: error }, 'the gateway did not start'))
  }

  async #start(): Promise<void> {
    await this.#greet()
    if ((await this.#answering()) === undefined) await this.#spawn()
    this.#greeted = true
  }

  /** Leaves word where this server is, which a gateway reads each time it connects. */
  async #greet(): Promise<void> {
    const { dir, url, token } = this.#deps
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    writeWhole(join(dir, 'control-url'), url())
    writeWhole(join(dir, 'control-token'), (await token()) ?? '')
  }

  async #spawn(): Promise<void> {
    const { dir, entry, host, logsDir, port, url } = this.#deps
    mkdirSync(logsDir, { recursive: true, mode: 0o700 })
    const logPath = join(logsDir, 'gateway.log')
    const log = openSync(logPath, 'a', 0o600)
    const words = ['--dir', dir, '--control', url(), '--host', host, '--port', String(port)]
    const { tls } = this.#deps
    const secured = tls === undefined ? [] : ['--tls-cert', tls.certFile, '--tls-key', tls.keyFile]
    const child = spawn(process.execPath, [entry, ...words, ...secured, '--token-file', join(dir, 'control-token')], {
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    child.unref()
    let ended: string | undefined
    child.once('error', error => {
      ended = error.message
    })
    child.once('exit', code => {
      ended = `it ended with ${code}`
      // one that this server started is missed at once, one that it adopted at the next look
      if (this.#timer !== undefined) this.#watch()
    })
    for (const end = Date.now() + startMs; Date.now() < end && ended === undefined; ) {
      if (this.#file()?.pid === child.pid) return
      await pause(lookMs)
    }
    throw new HaganeError(
      'unavailable',
      `the gateway did not start: ${ended ?? `nothing heard in ${startMs / 1000} s`}`,
      {
        hint: `see ${logPath}`,
      },
    )
  }

  #file(): GatewayFile | undefined {
    try {
      return gatewayFile.parse(JSON.parse(readFileSync(join(this.#deps.dir, 'gateway.json'), 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
