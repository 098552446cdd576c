import { parseArgs } from 'node:util'
import { HaganeError, type OtlpTelemetry, otlpTelemetry } from '@hagane/contract'
import type { TlsFiles } from './http/tls.ts'
import { type OtlpOptions, otlpFromEnvironment } from './telemetry/otlp-options.ts'

export interface GatewayOptions {
  /** The gateway's own folder. */
  dir: string
  /** Address of the control plane; without it the table on disk is all there is. */
  control?: string
  host: string
  /** 0: the port of the last time, or a free one. */
  port: number
  tokenFile?: string
  /** Largest body of a scoring request, in bytes. */
  maxBody: number
  /** PEM files for https; both are read again when they change. */
  tls?: TlsFiles
  /** Where spans go; absent: nothing is traced. */
  otlp?: OtlpOptions
  /** Where metrics and logs go; absent: they stay here. */
  telemetry?: OtlpTelemetry
  /** Path that is put before every address that is asked for, as `/endpoints/<name>` of the only endpoint. */
  root?: string
  /** Pythons that are kept ready for the environments in use; 0 unless given. */
  warmWorkers?: number
}

const usage =
  'gateway --dir <folder> [--control <url>] [--host <address>] [--port <n>] [--token-file <path>] [--max-body <bytes>] [--tls-cert <pem> --tls-key <pem>]'

const invalid = (message: string): HaganeError => new HaganeError('invalid', message, { hint: usage })

function wholeNumber(name: string, text: string, largest: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= largest) return value
  throw invalid(
    `${/^[A-Z]/.test(name) ? '' : '--'}${name} must be a whole number from 0 to ${largest}, found '${text}'`,
  )
}

/** Reads the command line. Throws `invalid` with the usage. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv = {}): GatewayOptions {
  let values: Record<string, string | undefined>
  try {
    const text = { type: 'string' } as const
    const options = {
      dir: text,
      control: text,
      host: text,
      port: text,
      'token-file': text,
      'max-body': text,
      'tls-cert': text,
      'tls-key': text,
    }
    values = parseArgs({ args, options, strict: true }).values
  } catch (error) {
    throw invalid((error as Error).message)
  }
  const { dir, control, host = '127.0.0.1', port = '0' } = values
  if (dir === undefined) throw invalid('--dir is missing')
  const tokenFile = values['token-file']
  const [certFile, keyFile] = [values['tls-cert'], values['tls-key']]
  if ((certFile === undefined) !== (keyFile === undefined))
    throw invalid('--tls-cert and --tls-key belong together, one of them is missing')
  const otlp = otlpFromEnvironment(env)
  const telemetry = otlpTelemetry(env, 'hagane-gateway', process.pid)
  const warm = env.HAGANE_GATEWAY_WARM_WORKERS || undefined
  return {
    dir,
    host,
    port: wholeNumber('port', port, 65_535),
    maxBody: wholeNumber('max-body', values['max-body'] ?? String(64 * 2 ** 20), 2 ** 31 - 1),
    ...(control === undefined ? {} : { control }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(certFile === undefined || keyFile === undefined ? {} : { tls: { certFile, keyFile } }),
    ...(otlp === undefined ? {} : { otlp }),
    ...(telemetry === undefined ? {} : { telemetry }),
    ...(warm === undefined ? {} : { warmWorkers: wholeNumber('HAGANE_GATEWAY_WARM_WORKERS', warm, 64) }),
  }
}
