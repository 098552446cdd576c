import { HaganeError, type MonitorData } from '@hagane/contract'
import type { WindowColumn } from '@hagane/tabular'
import type { Case } from './case.ts'
import type { Production } from './production.ts'

/** Which columns hold what a model said and what was true. */
export interface ModelColumns {
  readonly task: 'classification' | 'regression'
  readonly prediction?: string
  readonly score?: string
}

/** Outputs that are called so hold probabilities. */
const PROBABILITY = /prob|score|confidence/i

/**
 * The columns of production, by the names that the signal gives, else by their own: `prediction` or the first output, and of outputs that are
 * called after probabilities the last, which is that of the positive class. Throws invalid for a name that is no output.
 */
export function modelColumns(about: Case, data: MonitorData | undefined, { outputs }: Production): ModelColumns {
  const { prediction: saidPrediction, prediction_probability: saidScore } = data?.data_column_names ?? {}
  const probabilities = outputs.filter(({ name, type }) => PROBABILITY.test(name) && isNumber(type))
  const others = outputs.filter(column => !probabilities.includes(column))
  const score = saidScore === undefined ? probabilities.at(-1) : named(outputs, saidScore, 'prediction_probability')
  const prediction =
    saidPrediction === undefined
      ? (others.find(({ name }) => name === 'prediction') ?? others.find(one => !isProbabilityBeside(one, score)))
      : named(outputs, saidPrediction, 'prediction')
  return {
    task: taskOf(about, prediction, score),
    ...(prediction === undefined ? {} : { prediction: prediction.column }),
    ...(score === undefined ? {} : { score: score.column }),
  }
}

/** A model that answers a list of probabilities, one for each class, says no class: the score decides. */
const isProbabilityBeside = ({ name, type }: WindowColumn, score: WindowColumn | undefined): boolean =>
  score !== undefined && type === 'number' && (name === score.name || siblingOf(name) === siblingOf(score.name))

/** `prediction_` of `prediction_1`; the name itself where it has no number. */
const siblingOf = (name: string): string => name.replace(/\d+$/, '')

const isNumber = (type: string): boolean => type === 'number' || type === 'integer'

function taskOf({ task }: Case, prediction: WindowColumn | undefined, score: WindowColumn | undefined) {
  if (task === 'classification' || task === 'regression') return task
  return score === undefined && prediction?.type === 'number' ? 'regression' : 'classification'
}

function named(columns: readonly WindowColumn[], wanted: string, what: string): WindowColumn {
  const found = columns.find(({ name, column }) => name === wanted || column === wanted)
  if (found !== undefined) return found
  const property = `production_data.data_column_names.${what}`
  throw new HaganeError('invalid', `${property}: there is no output '${wanted}'`, {
    details: [{ property, message: 'no such output', sent: wanted, allowed: columns.map(({ name }) => name) }],
    hint: `its outputs: ${columns.map(({ name }) => name).join(', ') || 'none'}`,
  })
}

/** The label of feedback that a signal means: the one it names, else `label`, else the commonest. Throws invalid for one that nobody gave. */
export function labelOf(data: MonitorData | undefined, { labels, outputs, collected }: Production): string {
  const names = data?.data_column_names
  const wanted = names?.target_column ?? names?.actual ?? data?.target_column_name
  const among = collected ? labels : outputs
  const found =
    wanted === undefined
      ? (among.find(({ name }) => name === 'label') ?? labels[0])
      : among.find(({ name, column }) => name === wanted || column === wanted)
  if (found !== undefined) return found.column
  const where = collected ? 'feedback says nothing of' : 'production_data has no column'
  throw new HaganeError('invalid', `${where} '${wanted ?? 'label'}'`, {
    hint: `labels that were said: ${among.map(({ name }) => name).join(', ') || 'none'}; name one in reference_data.data_column_names.target_column`,
  })
}

/** Azure ML's names of scores that have shorter ones elsewhere. */
export const SCORE_NAMES: Readonly<Record<string, string>> = {
  mae: 'mean_absolute_error',
  mse: 'mean_squared_error',
  rmse: 'root_mean_squared_error',
}
