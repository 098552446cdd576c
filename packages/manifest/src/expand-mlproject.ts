import { didYouMean } from '@hagane/contract'
import { z } from 'zod'
import type { Loading } from './loading.ts'
import { isLocalPath } from './local-path.ts'
import { pythonEnvironment } from './mlproject-environment.ts'
import { type Cursor, isMap, mapAt, own, type YamlMap } from './tree.ts'
import { validate } from './validate.ts'

const parameterTypes = ['string', 'float', 'path', 'uri'] as const
const value = z.union([z.string(), z.number(), z.boolean()])
const parameter = z.union([
  z.enum(parameterTypes),
  z.strictObject({ type: z.enum(parameterTypes).optional(), default: value.optional() }),
])

/** An MLflow project: https://mlflow.org/docs/latest/ml/projects */
const mlproject = z.looseObject({
  name: z.string().optional(),
  conda_env: z.string().optional(),
  python_env: z.string().optional(),
  docker_env: z.looseObject({ image: z.string() }).optional(),
  entry_points: z
    .record(z.string(), z.strictObject({ parameters: z.record(z.string(), parameter).optional(), command: z.string() }))
    .optional(),
})
type Mlproject = z.output<typeof mlproject>
type Parameter = { type: (typeof parameterTypes)[number]; default?: string | number | boolean }

const projectKeys = [
  'name',
  'conda_env',
  'python_env',
  'docker_env',
  'entry_points',
  'entry_point',
  'parameters',
  'job_name',
]

/** A manifest of this file name is an MLflow project. */
export const isMlproject = (loading: Loading, cursor: Cursor): boolean =>
  loading.files.basename(cursor.home.file) === 'MLproject'

/**
 * Turns an MLflow project into the command job that runs one entry point. The command line gives `entry_point` (default:
 * main), `parameters` and `job_name` as further properties; other properties are those of the job.
 */
export async function expandMlproject(loading: Loading, cursor: Cursor): Promise<void> {
  const { map } = cursor
  const project = validate(loading, mlproject, map)
  loading.problems.throwIfAny()
  if (project === undefined) return
  const entryName = String(own(map, 'entry_point') ?? 'main')
  const entry = entryOf(loading, cursor, project, entryName)
  loading.problems.throwIfAny()
  if (entry === undefined) return
  const given = own(map, 'parameters')
  const inputs = await inputsOf(loading, cursor, entry.parameters, isMap(given) ? given : {})
  const environment = await environmentOf(loading, cursor, project)
  loading.problems.throwIfAny()
  const rest = Object.fromEntries(Object.entries(map).filter(([key]) => !projectKeys.includes(key)))
  const name = own(map, 'job_name')
  const job: YamlMap = {
    type: 'command',
    code: '.',
    command: commandOf(entry, inputs),
    ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
    ...(environment === undefined ? {} : { environment }),
    display_name: [project.name, entryName].filter(part => part !== undefined).join(' '),
    ...rest,
    ...(typeof name === 'string' ? { name } : {}),
    properties: { ...(isMap(rest.properties) ? rest.properties : {}), 'mlflow.project.entryPoint': entryName },
  }
  for (const key of Object.keys(map)) delete map[key]
  Object.assign(map, job)
}

interface Entry {
  command: string
  parameters: Record<string, Parameter>
}

/** A declared entry point, or a script of the project by its name, as MLflow runs it. */
function entryOf(loading: Loading, cursor: Cursor, { entry_points = {} }: Mlproject, name: string): Entry | undefined {
  const declared = Object.hasOwn(entry_points, name) ? entry_points[name] : undefined
  if (declared !== undefined) {
    const parameters = Object.entries(declared.parameters ?? {}).map(([key, spec]) => [
      key,
      typeof spec === 'string' ? { type: spec } : { ...spec, type: spec.type ?? 'string' },
    ])
    return { command: declared.command, parameters: Object.fromEntries(parameters) }
  }
  const runner = name.endsWith('.py') ? 'python' : name.endsWith('.sh') ? 'bash' : undefined
  if (runner !== undefined) return { command: `${runner} ${name}`, parameters: {} }
  const known = Object.keys(entry_points)
  loading.wrong(cursor, 'entry_points', `the project has no entry point '${name}'${didYouMean(name, known)}`, {
    sent: name,
    allowed: known,
    hint:
      known.length === 0
        ? 'name a script: --entry-point train.py'
        : `choose one with --entry-point: ${known.join(', ')}`,
  })
  return undefined
}

/** Values of all parameters; what is given and not declared is appended to the command, as MLflow does. */
async function inputsOf(
  loading: Loading,
  cursor: Cursor,
  declared: Record<string, Parameter>,
  given: YamlMap,
): Promise<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(declared)) {
    const sent = own(given, name) ?? spec.default
    if (sent === undefined) {
      loading.wrong(cursor, `parameters.${name}`, `the parameter '${name}' has no default and no value`, {
        allowed: spec.type,
        hint: `give it one: -P ${name}=VALUE`,
      })
      continue
    }
    const input = await inputOf(loading, cursor, name, String(sent), spec.type)
    if (input !== undefined) inputs[name] = input
  }
  for (const [name, sent] of Object.entries(given)) if (!Object.hasOwn(declared, name)) inputs[name] = String(sent)
  return inputs
}

async function inputOf(loading: Loading, cursor: Cursor, name: string, sent: string, type: Parameter['type']) {
  if (type === 'float' && (sent.trim() === '' || Number.isNaN(Number(sent)))) {
    loading.wrong(cursor, `parameters.${name}`, `'${sent}' is not a number`, { sent, allowed: 'float' })
    return undefined
  }
  if (type !== 'path') return sent
  if (!isLocalPath(sent)) return { type: 'uri_file', path: sent }
  const kind = await loading.kindOf(loading.files.resolve(cursor.home.directory, sent))
  if (kind !== 'missing') return { type: kind === 'file' ? 'uri_file' : 'uri_folder', path: sent }
  loading.wrong(cursor, `parameters.${name}`, `there is no file or folder ${sent}`, {
    sent,
    hint: `paths are relative to ${cursor.home.directory}`,
  })
  return undefined
}

/** `{name}` becomes the input of that name; values that a shell would read otherwise are quoted, as MLflow quotes them. */
function commandOf({ command, parameters }: Entry, inputs: Record<string, unknown>): string {
  const expression = (name: string): string => {
    const text = inputs[name]
    const input = `\${{inputs.${name}}}`
    if (typeof text !== 'string' || /^[\w@%+=:,./-]+$/.test(text)) return input
    // an apostrophe would end the quotes that stand around the input, so the value itself is written
    return text.includes("'") ? `'${text.replaceAll("'", `'"'"'`)}'` : `'${input}'`
  }
  const filled = command.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(inputs, name) ? expression(name) : whole,
  )
  const extra = Object.keys(inputs).filter(name => !Object.hasOwn(parameters, name))
  return [filled, ...extra.map(name => `--${name} ${expression(name)}`)].join(' ')
}

async function environmentOf(loading: Loading, cursor: Cursor, project: Mlproject): Promise<unknown> {
  if (project.docker_env !== undefined) return { image: project.docker_env.image }
  if (project.conda_env !== undefined) return { image: 'python', conda_file: project.conda_env }
  if (project.python_env === undefined) return undefined
  const holder: YamlMap = { python_env: project.python_env }
  loading.origins.copyMark(cursor.map, holder, 'python_env')
  const file = await loading.inlineYaml({ ...cursor, map: holder }, 'python_env')
  const spec = file ?? mapAt({ ...cursor, map: holder }, 'python_env')
  return spec === undefined ? undefined : pythonEnvironment(loading, spec)
}
