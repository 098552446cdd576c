import type { Cell, DataDiff, Expectations, TableProfile, ValidationReport } from '@hagane/contract'

/** A table on this machine: a file, a folder of files of one format, or a folder with a file named MLTable. */
export interface TableSource {
  /** What to call it in answers. */
  readonly name: string
  /** Absolute path of the file or folder. */
  readonly path: string
  /** Absolute folder that nothing may be read outside of; MLTable paths that lead out are refused. */
  readonly root: string
}

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
export type TabularRequest = ProfileRequest | DiffRequest | ValidateRequest | RowsRequest

export interface Rows {
  readonly columns: { name: string; type: string }[]
  readonly rows: Cell[][]
}

export interface TabularResults {
  profile: TableProfile
  diff: DataDiff
  validate: ValidationReport
  rows: Rows
}
export type ResultOf<R extends TabularRequest> = TabularResults[R['kind']]
