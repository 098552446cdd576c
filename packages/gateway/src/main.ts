import { HaganeError } from '@hagane/contract'
import { Gateway } from './gateway.ts'
import { readOptions } from './options.ts'
import { sendConsole } from './telemetry/console-log.ts'

/** Entry of the gateway process. Ends with 0 when told to, 2 when it was called wrongly or the folder is taken. */
async function main(): Promise<void> {
  // It outlives the shell or the control plane that started it.
  process.on('SIGHUP', () => undefined)
  const options = readOptions(process.argv.slice(2), process.env)
  if (options.telemetry?.hasLogs) sendConsole(options.telemetry)
  const gateway = await Gateway.start(options)
  const { host, port, pid } = gateway.address
  console.log(`gateway ${pid} answers at ${gateway.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`)
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      gateway.close().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      )
    })
  }
}

function fail(error: unknown): void {
  if (error instanceof HaganeError) {
    console.error(`${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`)
    process.exit(2)
  }
  console.error(error)
  process.exit(1)
}

main().catch(fail)
