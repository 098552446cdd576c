/** A row for each predicted row, whatever a deployment collects. */
export const PREDICTIONS = 'predictions'
/** What was said of predictions later. */
export const FEEDBACK = 'feedback'

/** Columns of `predictions`, with their types in DuckDB. */
export const predictionColumns = {
  row_id: 'VARCHAR',
  prediction_id: 'VARCHAR',
  row: 'INTEGER',
  rows: 'INTEGER',
  time: 'TIMESTAMPTZ',
  endpoint: 'VARCHAR',
  deployment: 'VARCHAR',
  revision: 'VARCHAR',
  status: 'INTEGER',
  latency_ms: 'DOUBLE',
  correlation_id: 'VARCHAR',
  mirror_of: 'VARCHAR',
  mirrored: 'VARCHAR[]',
  output: 'VARCHAR',
} as const

/** Columns of `feedback`. */
export const feedbackColumns = {
  key: 'VARCHAR',
  labels: 'VARCHAR',
  received_at: 'TIMESTAMPTZ',
  position: 'BIGINT',
} as const

/** Columns that every row of a collection begins with; the underscore keeps them apart from those of the data. */
export const ownColumns = {
  _row_id: 'VARCHAR',
  _prediction_id: 'VARCHAR',
  _time: 'TIMESTAMPTZ',
  _endpoint: 'VARCHAR',
  _deployment: 'VARCHAR',
  _correlation_id: 'VARCHAR',
} as const
