import { format } from 'node:util'
import type { OtlpTelemetry } from '@hagane/contract'

const information = 9
const error = 17

/** From now on what this process prints goes to the collector too; it is printed as before. */
export function sendConsole(telemetry: OtlpTelemetry): void {
  for (const [name, severity] of [
    ['log', information],
    ['error', error],
  ] as const) {
    const print = console[name].bind(console)
    console[name] = (...words: unknown[]) => {
      print(...words)
      telemetry.log({ time: Date.now(), severity, text: format(...words) })
    }
  }
}
