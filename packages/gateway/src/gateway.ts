import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type GatewayFile, type GatewayReport, type GatewayTable, gatewayFile } from '@hagane/contract'
import { ControlPlane } from './control/control-plane.ts'
import { Reporter } from './control/reporter.ts'
import { TableFile } from './control/table-file.ts'
import { readJson, readText, writeAtomic } from './files/atomic.ts'
import { lockFolder } from './files/folder-lock.ts'
import { unpackWorker } from './files/worker-files.ts'
import { GrpcListener } from './grpc/listener.ts'
import { adminHandler } from './http/admin.ts'
import { takeFeedback } from './http/feedback.ts'
import { plainSide, publicHandler, type TakeFeedback } from './http/public.ts'
import { RequestTracing } from './http/request-tracing.ts'
import { Scoring } from './http/score.ts'
import { HttpServer } from './http/server.ts'
import type { GatewayOptions } from './options.ts'
import { Collector } from './predictions/collector.ts'
import { ulid } from './predictions/ulid.ts'
import { Unreported } from './predictions/unreported.ts'
import { Routing } from './routing/routing.ts'
import { WarmWorkers } from './serving/warm-workers.ts'
import { SampleOutbox } from './telling/sample-outbox.ts'
import { ServiceSampler } from './telling/service-sampler.ts'
import { Telling } from './telling/telling.ts'

/** How long requests may take to finish when the gateway is told to end. */
const drainMs = 30_000

/**
 * The data plane in one process: HTTP in front, workers behind, the routing table from the control plane or from disk.
 * `start` takes the folder (or throws `conflict`) and resolves when it listens; `close` answers what is open and ends.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #lock: { release(): void }
  readonly #tableFile: TableFile
  readonly #unreported: Unreported
  readonly #collector: Collector
  readonly #warm: WarmWorkers
  readonly #routing: Routing
  readonly #http: HttpServer
  readonly #grpc: GrpcListener
  readonly #tracing: RequestTracing | undefined
  readonly #control: ControlPlane | undefined
  #reporter: Reporter | undefined
  readonly #sampler: ServiceSampler
  #telling: Telling | undefined
  #table: GatewayTable | undefined
  #file: GatewayFile | undefined
  /** The folder is given back: a worker that ends only now changes nothing in it. */
  #closed = false

  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway({ ...options, dir: resolve(options.dir) })
    try {
      await gateway.#begin()
      return gateway
    } catch (error) {
      gateway.#collector.close()
      gateway.#lock.release()
      throw error
    }
  }

  private constructor(options: GatewayOptions) {
    const { dir } = options
    this.#options = options
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    this.#lock = lockFolder(dir, 'gateway')
    this.#tableFile = new TableFile(dir)
    this.#unreported = new Unreported(dir)
    this.#collector = new Collector(dir, this.#unreported, () => this.#reporter?.soon())
    const logsDir = join(dir, 'logs')
    mkdirSync(logsDir, { recursive: true, mode: 0o700 })
    this.#warm = new WarmWorkers(options.warmWorkers ?? 0, join(logsDir, 'warm.log'))
    const place = { entry: unpackWorker(dir), logsDir, warm: this.#warm }
    this.#routing = new Routing(place, {
      changed: () => this.#changed(),
      drained: revision => this.#collector.sealRevision(revision),
    })
    const id = keptText(dir, 'gateway-id', () => ulid(Date.now()))
    this.#sampler = new ServiceSampler(id, this.#routing, () => this.#http.connections())
    this.#tracing = options.otlp === undefined ? undefined : new RequestTracing(options.otlp)
    const parts = { collector: this.#collector, maxBody: options.maxBody, tracing: this.#tracing }
    const feedback: TakeFeedback = (...of) => takeFeedback(parts, ...of)
    const token = adminToken(dir)
    const admin = adminHandler({ folder: dir, token, report: () => this.report() })
    const scoring = new Scoring(parts)
    const side = (root?: string) => publicHandler(this.#routing, scoring, feedback, token, root)
    const plain = plainSide(this.#routing, scoring, options.maxBody, options.root)
    this.#http = new HttpServer(side(options.root), plain, admin, options.tls)
    this.#grpc = new GrpcListener(side(), options.maxBody, options.tls)
    const { control: url, tokenFile } = options
    const urlFile = join(dir, 'control-url')
    this.#control = url === undefined ? undefined : new ControlPlane({ url, urlFile, ...(tokenFile && { tokenFile }) })
  }

  get scheme(): 'http' | 'https' {
    return this.#options.tls === undefined ? 'http' : 'https'
  }

  get address(): GatewayFile {
    if (this.#file === undefined) throw new Error('the gateway does not listen yet')
    return this.#file
  }

  report(): GatewayReport {
    return {
      gateway: this.address,
      ...(this.#table === undefined ? {} : { table_revision: this.#table.revision }),
      deployments: this.#routing.reports(),
      sealed: [...this.#unreported.items],
    }
  }

  /** Puts a table in force, as if the control plane had sent it. */
  use(table: GatewayTable): void {
    this.#table = table
    this.#routing.apply(table)
    this.#sampler.look()
    this.#changed()
  }

  /** Takes no new connection, answers what is open, ends the workers, and gives the folder back. */
  async close(): Promise<void> {
    this.#control?.close()
    this.#warm.close()
    const force = setTimeout(() => this.#routing.kill(), drainMs)
    await Promise.all([this.#http.close(), this.#grpc.close()])
    await this.#routing.close()
    clearTimeout(force)
    await this.#telling?.close()
    this.#collector.close()
    await this.#tracing?.close()
    await this.#options.telemetry?.close()
    await this.#reporter?.close()
    this.#closed = true
    this.#lock.release()
  }

  async #begin(): Promise<void> {
    const { dir, host, port } = this.#options
    const stored = this.#tableFile.load()
    if (stored !== undefined) {
      this.#table = stored.table
      this.#routing.apply(stored.table, stored.serving)
      this.#sampler.look()
    }
    const before = gatewayFile.safeParse(readJson(join(dir, 'gateway.json')))
    const listening = await this.#http.listen(host, port === 0 && before.success ? before.data.port : port, port === 0)
    const grpc_port = await this.#grpc.listen(host, (before.success ? before.data.grpc_port : undefined) ?? 0)
    const { scheme } = this
    this.#file = { pid: process.pid, port: listening, grpc_port, host, scheme, startedAt: new Date().toISOString() }
    writeAtomic(join(dir, 'gateway.json'), `${JSON.stringify(this.#file)}\n`)
    const control = this.#control
    if (control !== undefined) {
      this.#reporter = new Reporter(
        () => this.report(),
        report => control.report(report),
        report => this.#unreported.acknowledge(report.sealed),
      )
      void control.follow(this.#table?.revision, table => this.use(table))
    }
    this.#beginTelling()
    this.#collector.sealLeftovers().catch((error: unknown) => console.error('leftovers stay for the next start', error))
  }

  /** Tells the control plane and a collector what is counted, where there are such. */
  #beginTelling(): void {
    const { telemetry } = this.#options
    const control = this.#control
    if (control === undefined && telemetry === undefined) return
    const sampler = this.#sampler
    const outbox =
      control &&
      new SampleOutbox(
        `gateway/${sampler.id}`,
        samples => control.samples(samples),
        seq => sampler.taken(seq),
      )
    this.#telling = new Telling(
      () => sampler.next(),
      async sample => {
        telemetry?.tell(sample)
        if (outbox === undefined) return sampler.taken(sample.seq)
        outbox.add(sample)
        await outbox.send()
      },
    )
  }

  #changed(): void {
    if (this.#closed) return
    if (this.#table !== undefined) this.#tableFile.store(this.#table, this.#routing.serving())
    this.#reporter?.soon()
  }
}

/** The token of the admin side. */
const adminToken = (dir: string): string => keptText(dir, 'admin-token', () => randomBytes(32).toString('base64url'))

/** What a file of the folder says, made once. */
function keptText(dir: string, name: string, make: () => string): string {
  const path = join(dir, name)
  const known = readText(path)?.trim()
  if (known !== undefined && known !== '') return known
  const text = make()
  writeAtomic(path, `${text}\n`)
  return text
}
