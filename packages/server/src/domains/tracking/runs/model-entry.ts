import { invalidParameter } from '../wire/mlflow-error.ts'
import { pythonSet } from '../wire/python-text.ts'

const KEPT = ['run_id', 'utc_time_created', 'artifact_path', 'model_uuid'] as const
const MANDATORY = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'] as const

type Json = Record<string, unknown>

/** What the tag `mlflow.log-model.history` keeps of a model's description: its identity and flavors, without their configuration. */
export function modelEntry(modelJson: string): Json {
  const model = parse(modelJson)
  const missing = MANDATORY.filter(name => !(name in model))
  if (missing.length > 0) throw invalidParameter(`Model json is missing mandatory fields: ${pythonSet(missing)}`)
  const flavors = model.flavors
  return {
    ...Object.fromEntries(KEPT.flatMap(name => (name in model ? [[name, model[name]]] : []))),
    flavors: isObject(flavors)
      ? Object.fromEntries(Object.entries(flavors).map(([name, flavor]) => [name, withoutConfig(flavor)]))
      : {},
  }
}

const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value)

function withoutConfig(flavor: unknown): unknown {
  if (!isObject(flavor)) return flavor
  const { config: _, ...rest } = flavor
  return rest
}

function parse(text: string): Json {
  const malformed = invalidParameter(`Malformed model info. \n ${text} \n is not a valid JSON.`)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw malformed
  }
  if (!isObject(parsed)) throw malformed
  return parsed
}
