import { invalidParameter, limits, refusePath } from '../tracking/index.ts'

const MISSING = "Missing value for required parameter 'name'."

/** Names of registered models: anything but blank, `/` and `:`, and safe as a folder name. */
export function checkModelName(name: string, parameter: 'name' | 'new_name' = 'name'): void {
  if (name.trim() === '') throw invalidParameter(MISSING.replace('name', parameter))
  if (/[/:]/.test(name)) throw invalidParameter(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`)
  refusePath(name, parameter)
  if (name.length > 255) throw invalidParameter(`'${parameter}' exceeds the maximum length of 255 characters`)
}

/** Aliases, which Azure ML calls labels. */
export function checkAlias(alias: string): void {
  if (alias === '') throw invalidParameter('Registered model alias name cannot be empty.')
  if (!/^[\p{L}\p{N}_-]*$/u.test(alias))
    throw invalidParameter(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    )
  if (alias.length > limits.alias)
    throw invalidParameter(`'Registered model alias name' exceeds the maximum length of ${limits.alias} characters`)
}

/** Aliases that would be read as something else. */
export function refuseReserved(alias: string): void {
  if (alias.toLowerCase() === 'latest') throw invalidParameter("'latest' alias name (case insensitive) is reserved.")
  if (/^v\d+$/i.test(alias)) throw invalidParameter(`Version alias name '${alias}' is reserved.`)
}

export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const
export type Stage = (typeof STAGES)[number]

/** A stage in its own spelling, from any case. */
export function canonicalStage(stage: string): Stage {
  const known = STAGES.find(one => one.toLowerCase() === stage.toLowerCase())
  if (known === undefined)
    throw invalidParameter(`Invalid Model Version stage: ${stage}. Value must be one of ${STAGES.join(', ')}.`)
  return known
}

export const isWholeNumber = (version: string): boolean => /^\d{1,15}$/.test(version)
