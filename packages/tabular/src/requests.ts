import type {
  Cell,
  DataDiff,
  Expectations,
  GateCheck,
  PredictionRows,
  ShadowComparison,
  TableProfile,
  ValidationReport,
} from '@hagane/contract'
import type { CompareRequest } from './collected/compare.ts'
import type { Converted, ConvertRequest } from './collected/convert.ts'
import type { FeedbackRequest } from './collected/feedback.ts'
import type { PredictionsRequest } from './collected/query.ts'
import type { AnyDriftRequest, DriftResults } from './drift/types.ts'
import type { JudgeRequest } from './evaluation/judge.ts'
import type { Importances, ImportancesRequest } from './monitoring/importances.ts'
import type { TablePart, TablePartRequest } from './monitoring/part-of-table.ts'
import type { WindowProfile, WindowProfilesRequest } from './monitoring/window-profiles.ts'
import type { WindowTable, WindowTableRequest } from './monitoring/window-table.ts'
import type { TableSource } from './table-source.ts'

export interface ProfileRequest {
  readonly kind: 'profile'
  readonly source: TableSource
}
export interface DiffRequest {
  readonly kind: 'diff'
  readonly left: TableSource
  readonly right: TableSource
  readonly key: readonly string[]
  readonly sample: number
}
export interface ValidateRequest {
  readonly kind: 'validate'
  readonly source: TableSource
  readonly reference?: TableSource
  readonly expectations: Expectations
  /** RFC 3339; freshness counts from here. */
  readonly now: string
}
/** The rows themselves, at most `limit`. */
export interface RowsRequest {
  readonly kind: 'rows'
  readonly source: TableSource
  readonly limit: number
}
export type TabularRequest =
  | ProfileRequest
  | DiffRequest
  | ValidateRequest
  | RowsRequest
  | ConvertRequest
  | FeedbackRequest
  | PredictionsRequest
  | CompareRequest
  | AnyDriftRequest
  | WindowTableRequest
  | WindowProfilesRequest
  | ImportancesRequest
  | TablePartRequest
  | JudgeRequest

export interface Rows {
  readonly columns: { name: string; type: string }[]
  readonly rows: Cell[][]
}

export interface TabularResults extends DriftResults {
  profile: TableProfile
  diff: DataDiff
  validate: ValidationReport
  rows: Rows
  convert: Converted
  feedback: { rows: number; size: number; digest: string; content: string }
  predictions: PredictionRows
  compare: ShadowComparison
  'window-table': WindowTable
  'window-profiles': WindowProfile[]
  importances: Importances
  'table-part': TablePart
  judge: GateCheck[]
}
export type ResultOf<R extends TabularRequest> = TabularResults[R['kind']]
