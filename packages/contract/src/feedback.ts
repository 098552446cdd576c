import { HaganeError } from './core/errors.ts'

/** Columns that may name the prediction which a row of feedback is about, in the order in which they are looked for. */
export const feedbackKeys = ['row_id', 'prediction_id', 'correlation_id'] as const

/** What turned out to be true of a prediction: the id of a row or a prediction, or a correlation id, and labels by name. */
export interface FeedbackItem {
  readonly key: string
  readonly labels: Readonly<Record<string, unknown>>
}

/**
 * Reads rows of feedback. The key is the column `key`, or the first of `feedbackKeys` that a row has. Throws `invalid` for
 * a row that names no prediction, or says nothing beside. `first` is the place of the first of these rows, for messages.
 */
export function feedbackItems(rows: readonly unknown[], key?: string, first = 0): FeedbackItem[] {
  return rows.map((row, place) => {
    const at = first + place
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw notARow(at, row)
    return itemOf(row as Record<string, unknown>, at, key)
  })
}

function itemOf(row: Record<string, unknown>, at: number, key: string | undefined): FeedbackItem {
  const named = key ?? feedbackKeys.find(name => row[name] !== undefined && row[name] !== null && row[name] !== '')
  const value = named === undefined ? undefined : row[named]
  if (named === undefined || value === undefined || value === null || value === '')
    throw new HaganeError('invalid', `row ${at + 1} of the feedback names no prediction`, {
      details: [
        {
          property: key ?? 'prediction_id',
          message: 'required',
          sent: Object.keys(row).slice(0, 20),
          allowed: key === undefined ? [...feedbackKeys] : [key],
        },
      ],
      hint: 'the id is in the header x-hagane-prediction-id of an answer; -<row> behind it names a row, counted from 0',
    })
  const { [named]: _, ...labels } = row
  if (Object.keys(labels).length > 0) return { key: String(value), labels }
  throw new HaganeError('invalid', `row ${at + 1} of the feedback has no column beside ${named}`, {
    hint: 'add what turned out to be true, for example a column label',
  })
}

const notARow = (at: number, row: unknown): HaganeError =>
  new HaganeError('invalid', `row ${at + 1} of the feedback is not an object`, {
    details: [{ property: 'feedback', message: 'not an object', sent: String(row).slice(0, 100), allowed: '{…}' }],
    hint: 'send {"prediction_id": "pr-…", "label": 1}, or a list of such',
  })
