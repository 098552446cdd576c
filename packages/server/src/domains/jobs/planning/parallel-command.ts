import { HaganeError, type ParallelComponentSpec, type ParallelNode, wholeExpression } from '@hagane/contract'
import type { InputValue, OutputPlan } from '../model/plan.ts'
import { type Around, countOf, MAX_PROCESSES, settingText } from './plan-distribution.ts'

const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']
const IGNORE = -1

/** What a parallel node and its component say together. */
export type ParallelParts = Omit<ParallelComponentSpec, 'type' | 'inputs' | 'outputs'> &
  Pick<ParallelNode, 'limits' | 'reuse'>

interface Ports {
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputPlan>
  types: Readonly<Record<string, string>>
  /** Name of the input that holds the model of a task of type model. */
  model: string | undefined
}

/**
 * The command of a parallel step: the driver of `packages/python`, its request as text that no shell reads. What Azure ML's
 * YAML leaves out keeps the driver's defaults. Throws invalid naming the property.
 */
export function parallelCommand(
  parts: ParallelParts,
  ports: Ports,
  place: { at: string; literalOfParent?: Around['literalOfParent'] },
): string {
  const { at } = place
  const source = portOf(parts.input_data, `${at}.input_data`, 'input', ports.inputs)
  if (source === undefined) throw missing(`${at}.input_data`, ports.inputs)
  const target = portOf(parts.task.append_row_to, `${at}.task.append_row_to`, 'output', ports.outputs)
  const settings = settingsOf(parts, { at, inputs: ports.inputs, literalOfParent: place.literalOfParent })
  const type = ports.types[source]
  const known = type === undefined || type === 'path' ? {} : { input_type: type }
  const model = ports.model === undefined ? '' : `--model "\${{inputs.${ports.model}}}" `
  return [
    "python -m hagane_parallel <<'HAGANE_PARALLEL'",
    JSON.stringify({ ...settings, ...known }),
    `\${{inputs.${source}}}`,
    target === undefined ? '' : `\${{outputs.${target}}}`,
    `${model}${parts.task.program_arguments ?? ''}`,
    'HAGANE_PARALLEL',
  ].join('\n')
}

function settingsOf(parts: ParallelParts, around: Around): Record<string, unknown> {
  const { at } = around
  const count = (
    key: 'error_threshold' | 'mini_batch_error_threshold' | 'max_concurrency_per_instance',
    least: number,
  ) => countOf(parts[key], `${at}.${key}`, around, least)
  const instances = countOf(parts.resources?.instance_count, `${at}.resources.instance_count`, around) ?? 1
  const concurrency = count('max_concurrency_per_instance', 1)
  refuseTooMany(instances * (concurrency ?? 1), at)
  const keys = parts.partition_keys
  return withoutUndefined({
    task: parts.task.type === 'model' ? 'model' : 'function',
    entry_script: parts.task.entry_script,
    mini_batch_size: sizeOf(parts.mini_batch_size, `${at}.mini_batch_size`, around),
    partition_keys: typeof keys === 'string' ? keys.split(',').map(key => key.trim()) : keys,
    error_threshold: count('error_threshold', IGNORE),
    mini_batch_error_threshold: count('mini_batch_error_threshold', IGNORE),
    max_retries: countOf(parts.retry_settings?.max_retries, `${at}.retry_settings.max_retries`, around, 0),
    timeout: countOf(parts.retry_settings?.timeout, `${at}.retry_settings.timeout`, around),
    instances,
    concurrency,
    logging_level: levelOf(parts.logging_level, at),
  })
}

/** A count of files, or bytes with a unit, above 0, as the runner reads them. Throws invalid for anything else. */
function sizeOf(given: string | number | undefined, property: string, around: Around): string | undefined {
  if (given === undefined) return undefined
  const size = settingText(given, around)
  if (size === undefined) return undefined
  const number = /^\s*(\d+(?:\.\d+)?)\s*(?:[kmg]?b|[kmg])?\s*$/i.exec(size)?.[1]
  if (Number(number) > 0) return size
  throw new HaganeError('invalid', `${property}: '${size}' is no size of a mini-batch`, {
    details: [{ property, message: 'no size', sent: size, allowed: 'a count of files above 0, or bytes: 10kb, 1mb' }],
    hint: 'write 10, or 10kb, 1mb for a table',
  })
}

const withoutUndefined = (settings: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))

function levelOf(given: string | undefined, at: string): string | undefined {
  const level = given?.trim().toUpperCase()
  if (level === undefined || levels.includes(level)) return level
  throw new HaganeError('invalid', `${at}.logging_level: '${given}' is not known`, {
    details: [{ property: `${at}.logging_level`, message: 'unknown', sent: given, allowed: levels }],
  })
}

/** The port that `${{inputs.x}}` or `${{outputs.x}}` names. */
function portOf(
  text: string | undefined,
  property: string,
  scope: 'input' | 'output',
  ports: Readonly<Record<string, unknown>>,
): string | undefined {
  if (text === undefined) return undefined
  const expression = wholeExpression(text)
  if (expression?.scope === scope && Object.hasOwn(ports, expression.name)) return expression.name
  throw new HaganeError('invalid', `${property}: '${text}' names no ${scope} of this step`, {
    details: [{ property, message: `names no ${scope}`, sent: text, allowed: Object.keys(ports) }],
    hint: `write \${{${scope}s.<name>}}`,
  })
}

const missing = (property: string, inputs: Readonly<Record<string, unknown>>): HaganeError =>
  new HaganeError('invalid', `${property}: required; it names the input that is cut into mini-batches`, {
    details: [{ property, message: 'required', allowed: Object.keys(inputs).map(name => `\${{inputs.${name}}}`) }],
  })

function refuseTooMany(workers: number, at: string): void {
  if (workers <= MAX_PROCESSES) return
  throw new HaganeError('invalid', `${at}.max_concurrency_per_instance: ${workers} worker processes are too many`, {
    details: [
      { property: `${at}.max_concurrency_per_instance`, message: 'too many', sent: workers, allowed: MAX_PROCESSES },
    ],
    hint: 'lower it, or resources.instance_count: all run on one host',
  })
}
