import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type GatewayDeployment,
  type GatewayRevisionReport,
  type GatewayTable,
  gatewayTable,
  HaganeError,
} from '@hagane/contract'
import { Gateway } from '@hagane/gateway'
import {
  type EnvironmentWork,
  environmentOf,
  environmentOfLock,
  localEnvironment,
  type ReadyEnvironment,
} from './environment.ts'
import { makeFolder } from './files.ts'
import type { ServeOptions } from './options.ts'
import { findServable, type Servable } from './target.ts'
import { temporaryFolder } from './temporary-folder.ts'

const usualPort = 5001
const lookMs = 20
const deploymentName = 'model'
const largestBody = 256 * 2 ** 20

/** A model that is being served. */
export interface Serving {
  readonly url: string
  /** `host:port` of the Open Inference Protocol over gRPC, and the name of the model there and over REST. */
  readonly grpc: string
  readonly model: string
  readonly title: string
  /** How many workers are ready, how often one was started again. */
  report(): GatewayRevisionReport | undefined
  /** Answers what is open, ends the workers and removes what was only for now. */
  close(): Promise<void>
}

/**
 * Serves what lies at `options.target`: builds its environment, starts its workers behind a gateway of its own and
 * resolves when it answers. Throws what the author can mend, with the model's own traceback where it does not load;
 * undefined when only the environment was asked for.
 */
export async function serveModel(options: ServeOptions, work: EnvironmentWork): Promise<Serving | undefined> {
  const servable = await findServable(options.target, options.allowPickle)
  const environment = await environmentFor(servable, options, work)
  if (options.prepareOnly === true) return undefined
  work.signal.throwIfAborted()
  const { dir, removed } = await folderFor(options)
  try {
    const gateway = await listen(options, dir)
    const close = async (): Promise<void> => {
      await gateway.close()
      await removed()
    }
    gateway.use(tableOf(servable, options, environment))
    const url = urlOf(gateway)
    const grpc = `${new URL(url).hostname}:${gateway.address.grpc_port}`
    const report = () => gateway.report().deployments[0]
    const serving = { title: servable.title, url, grpc, model: deploymentName, close, report }
    try {
      await ready(report, servable, work)
      return serving
    } catch (error) {
      await close()
      throw error
    }
  } catch (error) {
    await removed()
    throw error
  }
}

async function environmentFor(
  { environment, title }: Servable,
  options: ServeOptions,
  work: EnvironmentWork,
): Promise<ReadyEnvironment | undefined> {
  if (environment === undefined) return undefined
  if (options.environmentManager === 'local') return localEnvironment(options.python, work)
  const wish = await environment()
  if (wish !== undefined) return 'lock' in wish ? environmentOfLock(wish.lock, work) : environmentOf(wish.spec, work)
  work.onLine(`the ${title} names no packages: the Python of this machine is taken as it is`)
  return localEnvironment(options.python, work)
}

/** Where predictions and logs go, and how it is removed if it was only for now. */
async function folderFor({ data }: ServeOptions): Promise<{ dir: string; removed(): Promise<void> }> {
  if (data === undefined) {
    const dir = await temporaryFolder('hagane-serve').catch((error: Error) => {
      throw new HaganeError('invalid', `there is no place for predictions and logs: ${error.message}`, {
        hint: 'set TMPDIR to a folder that can be written, or name one with --data',
      })
    })
    return { dir, removed: () => rm(dir, { recursive: true, force: true }) }
  }
  await makeFolder(data, 0o700).catch((error: Error) => {
    throw noData(data, error)
  })
  return { dir: data, removed: async () => undefined }
}

const noData = (folder: string, error: Error): HaganeError =>
  new HaganeError('invalid', `--data: predictions and logs cannot be kept in ${folder}: ${error.message}`, {
    hint: 'name a folder that can be written and that nothing else serves from',
  })

/** On the port that was asked for, else on the usual one or, when that is taken, on a free one. */
async function listen(options: ServeOptions, dir: string): Promise<Gateway> {
  const { host, port } = options
  const start = (wanted: number) =>
    Gateway.start({ dir, host, port: wanted, maxBody: largestBody, root: `/endpoints/${deploymentName}` })
  try {
    if (port !== undefined) return await start(port)
    return await start(usualPort).catch((error: Error) => {
      if (error.message.includes('EADDRINUSE')) return start(0)
      throw error
    })
  } catch (error) {
    throw notStarted(error as Error, options)
  }
}

/** A failure of the gateway in the words of this command line. */
function notStarted(error: Error, { host, data }: ServeOptions): Error {
  if (/ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL|EINVAL/.test(error.message))
    return new HaganeError('invalid', `--host ${host} is no address of this machine: ${error.message}`, {
      hint: 'leave it out for this machine alone; 0.0.0.0 lets others in',
    })
  return data === undefined || error.message.includes('listen') ? error : noData(data, error)
}

function urlOf(gateway: Gateway): string {
  const { host, port } = gateway.address
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function tableOf(servable: Servable, options: ServeOptions, environment: ReadyEnvironment | undefined): GatewayTable {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const runtime = servable.runtime(environment?.python ?? '')
  const settings: Omit<GatewayDeployment, 'revision_id'> = {
    name: deploymentName,
    runtime,
    workers: options.workers,
    // a package stays as it was packaged, and a person's folder as it was found
    environment_variables: { PYTHONDONTWRITEBYTECODE: '1' },
    request_settings: { request_timeout_ms: 60_000, max_queue_wait_ms: 60_000 },
    liveness_probe: { initial_delay: 600, period: 10, timeout: 10, success_threshold: 1, failure_threshold: 3 },
    readiness_probe: { initial_delay: 0, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 3 },
  }
  const lock = environment?.lockDigest ?? environment?.python
  const identity = { ...servable.identity, kind: runtime.kind, lock }
  return gatewayTable.parse({
    revision: 'serve',
    endpoints: [
      {
        workspace: 'default',
        name: deploymentName,
        auth_mode: 'key',
        key_hashes: options.key === undefined ? [] : [sha256(options.key)],
        ...(options.key === undefined ? { is_open: true } : {}),
        traffic: { [deploymentName]: 100 },
        deployments: [{ ...settings, revision_id: sha256(JSON.stringify(identity)).slice(0, 16) }],
      },
    ],
  })
}

async function ready(report: Serving['report'], servable: Servable, work: EnvironmentWork): Promise<void> {
  for (;;) {
    const found = report()
    if (found?.state === 'ready') return
    if (found?.state === 'failed') {
      throw notLoaded(servable, found, work)
    }
    await pause(lookMs, undefined, { signal: work.signal })
  }
}

/** Shows what Python code printed; an ONNX file has none, so its message says it all. */
function notLoaded(
  { title, environment }: Servable,
  found: GatewayRevisionReport,
  { onLine }: EnvironmentWork,
): HaganeError {
  const message = `the ${title} does not load: ${(found.message ?? 'its worker ended').trim()}`
  if (environment === undefined) return new HaganeError('invalid', message)
  for (const line of found.log_tail ?? []) onLine(line)
  return new HaganeError('invalid', message, {
    hint: 'the lines above are what it printed; its environment has to hold what it imports',
  })
}
