import { parseArgs } from 'node:util'
import { HaganeError, otlpTelemetry } from '@hagane/contract'
import { buildApp } from './app.ts'
import { type Config, loadConfig } from './kernel/config.ts'
import { takeDataFolder } from './kernel/data-folder.ts'

const usage = `Usage: hagane up [--host HOST] [--port PORT] [--data DIR] [--database URL] [--gateway-port PORT]
                 [--gateway-tls-cert PEM --gateway-tls-key PEM]
                 [--local-concurrency N] [--log-level LEVEL] [--allowed-hosts A,B] [--config FILE]
                 [--url-mirror PREFIX=FOLDER_OR_URL]...

Starts the server in the foreground. Ctrl-C stops it; running steps and endpoints go on and are found again.`

const flagOptions = {
  ...Object.fromEntries(
    [
      'host',
      'port',
      'data',
      'database',
      'gateway-port',
      'gateway-tls-cert',
      'gateway-tls-key',
      'local-concurrency',
      'log-level',
      'allowed-hosts',
      'allow-private-urls',
      'body-limit',
      'config',
    ].map(name => [name, { type: 'string' as const }]),
  ),
  'url-mirror': { type: 'string' as const, multiple: true },
}

/** `hagane up`: loads the configuration, takes the data folder, serves until a signal comes. Exits 1 with a clear line when it cannot. */
export async function run(argv: string[]): Promise<void> {
  const startedAt = performance.now()
  try {
    const flags = flagsOf(argv)
    if (flags === undefined) return void process.stdout.write(`${usage}\n`)
    await serve(loadConfig(flags, process.env), startedAt)
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    process.stderr.write(
      `error: ${error.message}\n${(error.details ?? [])
        .slice(1)
        .map(detail => `  ${detail.property ?? ''} ${detail.message}\n`)
        .join('')}${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`,
    )
    process.exitCode ??= 1
  }
}

function flagsOf(argv: string[]): Record<string, string | undefined> | undefined {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { ...flagOptions, help: { type: 'boolean', short: 'h' } },
      strict: true,
    })
    if (values.help) return undefined
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.replaceAll('-', '_'), String(value)]))
  } catch (error) {
    process.exitCode = 2
    throw new HaganeError('invalid', (error as Error).message.split('. ')[0] ?? 'bad flags', {
      hint: 'see `hagane up --help`',
    })
  }
}

async function serve(config: Config, startedAt: number): Promise<void> {
  const folder = takeDataFolder(config.dataDir)
  const app = buildApp(config, folder.serverId, { telemetry: otlpTelemetry(process.env, 'hagane-server', process.pid) })
  try {
    const url = await app.start()
    folder.announce(url)
    process.stdout.write(
      `Hagane is ready at ${url} (${Math.round(performance.now() - startedAt)} ms)\n  data  ${config.dataDir}\n  pid   ${process.pid}\n  MLflow clients: export MLFLOW_TRACKING_URI=${url}\n`,
    )
  } catch (error) {
    await app.stop()
    folder.release()
    throw listenError(error, config)
  }
  await stopSignal()
  await app.stop()
  folder.release()
}

function listenError(error: unknown, config: Config): unknown {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE')
    return new HaganeError('conflict', `port ${config.port} on ${config.host} is in use`, {
      hint: 'choose another with --port, or 0 for any free one',
    })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
    return new HaganeError('invalid', `cannot listen on ${config.host}:${config.port} (${code})`, {
      hint: 'choose another --host or --port',
    })
  if (config.database !== undefined && code !== undefined && !(error instanceof HaganeError))
    return new HaganeError(
      'unavailable',
      `cannot use the database ${config.origin.database.value}: ${(error as Error).message}`,
      { hint: 'does it run, does the database exist, are name and password right?', cause: error },
    )
  return error
}

/** Resolves on the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      process.once('SIGINT', () => process.exit(130))
      resolve()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
}
