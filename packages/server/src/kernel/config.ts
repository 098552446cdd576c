import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { durationSchema, HaganeError, parseOrThrow } from '@hagane/contract'
import { parse } from 'yaml'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)

/** Every setting: its name in hagane.yaml; the flag is `--<name with dashes>`, the variable `HAGANE_<NAME>`. */
const settings = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address to listen on; anything but loopback asks for credentials'),
  port: port.default(7700).describe('port of the API; 0 picks a free one'),
  data: z.string().min(1).default('~/.hagane').describe('data folder'),
  database: z.string().min(1).optional().describe('postgres://… ; the default is SQLite in the data folder'),
  gateway_port: port.default(0).describe('port of the gateway; 0 picks a free one once and keeps it'),
  gateway_tls_cert: z.string().min(1).optional().describe('PEM file: the gateway speaks https with this certificate'),
  gateway_tls_key: z.string().min(1).optional().describe('PEM file with the key of gateway_tls_cert'),
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('warn')
    .describe('what the server writes to stderr'),
  local_concurrency: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(4)
    .describe('steps that run at the same time on local compute'),
  container_engine: z
    .enum(['auto', 'docker', 'podman', 'none'])
    .default('auto')
    .describe(
      'steps whose environment has an image run in its container: always with docker or podman, with auto if an engine has the image already, never with none',
    ),
  reuse_max_age: durationSchema
    .optional()
    .describe('age at which a step result is computed again instead of reused, e.g. 30d; without it never'),
  collected_data_retention: durationSchema
    .default('90d')
    .describe('age at which collected inputs, outputs and feedback of endpoints are deleted'),
  prediction_retention: durationSchema
    .optional()
    .describe('age at which records of predictions are deleted, e.g. 365d; without it never'),
  metrics_10s_retention: durationSchema
    .default('6h')
    .describe('age at which service metrics of 10 seconds are deleted'),
  metrics_1m_retention: durationSchema.default('8d').describe('age at which service metrics of a minute are deleted'),
  metrics_1h_retention: durationSchema.default('400d').describe('age at which service metrics of an hour are deleted'),
  audit_checkpoint_interval: durationSchema
    .default('1h')
    .describe(
      'age at which the last signed checkpoint of the event chain is followed by another, if anything happened',
    ),
  delivery_log_size: z.coerce
    .number()
    .int()
    .min(100)
    .max(10_000_000)
    .default(10_000)
    .describe('deliveries that are kept in the log of each subscription once they are delivered'),
  delivery_log_retention: durationSchema
    .default('90d')
    .describe('age at which deliveries that were delivered or given up leave the log of their subscription'),
  openlineage_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'run events of OpenLineage are POSTed here, e.g. http://marquez:5000/api/v1/lineage; private addresses need allow_private_urls',
    ),
  body_limit: z.coerce
    .number()
    .int()
    .min(1024)
    .default(16 * 2 ** 20)
    .describe('largest JSON body in bytes'),
  allow_private_urls: z
    .stringbool()
    .or(z.boolean())
    .default(false)
    .describe('let server-side fetches reach private addresses'),
  url_mirror: z
    .union([z.string(), z.record(z.string(), z.string())])
    .default('')
    .describe('addresses read elsewhere, for sites without internet: <prefix>=<folder or URL>, comma separated'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address of this server in messages; the default is where it listens'),
  smtp_host: z.string().min(1).optional().describe('SMTP server for e-mail; without it none is sent'),
  smtp_port: port.default(587).describe('port of the SMTP server'),
  smtp_security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('how the connection to the SMTP server is protected'),
  smtp_user: z.string().min(1).optional().describe('user name at the SMTP server'),
  smtp_password: z.string().min(1).optional().describe('password at the SMTP server'),
  smtp_from: z.string().min(1).default('hagane@localhost').describe('sender of e-mail'),
  allowed_hosts: z.string().default('').describe('further Host header names, comma separated'),
})
export type Settings = z.output<typeof settings>

export interface Config extends Settings {
  /** Absolute path of `data`. */
  readonly dataDir: string
  readonly databaseUrl: string
  readonly loopback: boolean
  /** Each value and where it came from, secrets masked. */
  readonly origin: Record<keyof Settings, { value: unknown; from: string }>
}

type Source = { from: (key: string) => string; values: Record<string, unknown> }

/** Flags win over `HAGANE_*`, those over hagane.yaml (in the working directory, or `--config`), those over defaults. */
export function loadConfig(flags: Record<string, unknown>, env: NodeJS.ProcessEnv, cwd = process.cwd()): Config {
  const file = fileSource(typeof flags.config === 'string' ? resolve(cwd, flags.config) : undefined, cwd)
  const known = Object.keys(settings.shape)
  const fromEnv = Object.fromEntries(known.flatMap(key => (env[envName(key)] ? [[key, env[envName(key)]]] : [])))
  const { config: _, ...flagValues } = flags
  const sources: Source[] = [
    { from: key => `flag --${key.replaceAll('_', '-')}`, values: defined(flagValues) },
    { from: envName, values: fromEnv },
    ...(file === undefined ? [] : [file]),
  ]
  const merged: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  for (const source of sources.toReversed())
    for (const [key, value] of Object.entries(source.values)) [merged[key], origins[key]] = [value, source.from(key)]
  const values = parseOrThrow(settings, merged, 'configuration')
  const origin = Object.fromEntries(
    known.map(key => [key, { value: masked(key, values[key as keyof Settings]), from: origins[key] ?? 'default' }]),
  ) as Config['origin']
  const dataDir = resolve(cwd, values.data.replace(/^~(?=$|\/)/, env.HOME || homedir()))
  return {
    ...values,
    dataDir,
    databaseUrl: values.database ?? join(dataDir, 'hagane.db'),
    loopback: isLoopback(values.host),
    origin,
  }
}

const envName = (key: string): string => `HAGANE_${key.toUpperCase()}`
const defined = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
const masked = (key: string, value: unknown) =>
  key === 'smtp_password' && value !== undefined
    ? '***'
    : key === 'database' && typeof value === 'string'
      ? value.replace(/:[^:@/]+@/, ':***@')
      : value

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)

function fileSource(named: string | undefined, cwd: string): Source | undefined {
  const path = named ?? join(cwd, 'hagane.yaml')
  if (!existsSync(path)) {
    if (named !== undefined) throw new HaganeError('invalid', `no configuration file at ${named}`)
    return undefined
  }
  const values: unknown = parse(readFileSync(path, 'utf8')) ?? {}
  if (typeof values !== 'object' || Array.isArray(values))
    throw new HaganeError('invalid', `${path} must hold settings as "name: value" lines`)
  return { from: () => path, values: values as Record<string, unknown> }
}
