import type {
  ColumnKind,
  DriftReport,
  DriftThresholds,
  EstimateReport,
  MultivariateReport,
  PerformanceReport,
} from '@hagane/contract'
import type { CollectedSources, PredictionFilter } from '../collected/sources.ts'
import type { TableSource } from '../table-source.ts'

/**
 * Numbers counted in buckets [i·2^k, (i+1)·2^k) of one grid for everybody: two sketches are added by halving the finer one until
 * both have the same k. k is the smallest with at most `BUCKETS` occupied buckets, which depends on the values alone, so that
 * sketches of parts that are merged are the sketch of the whole. Up to that many different values it is exact.
 */
export interface NumericSketch {
  /** k, the exponent of the width. */
  readonly exponent: number
  /** Numbers of the occupied buckets, ascending: the first one, then the gaps between neighbours. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

/** The most frequent values with their counts. Exact while there are at most `limit` different ones; `other` counts the rest. */
export interface CategorySketch {
  readonly values: readonly string[]
  readonly counts: readonly number[]
  readonly other: number
}

/** A column that can be compared, and added to that of another hour, without its values. */
export interface ColumnProfile {
  readonly name: string
  readonly kind: ColumnKind
  /** Values that are there and finite. */
  readonly count: number
  /** Missing values; NaN is missing. */
  readonly nulls: number
  readonly infinite: number
  /** Values that are not of the kind that the plan asked for. */
  readonly type_errors: number
  /** Of numbers, and of times in seconds since 1970. */
  readonly min?: number
  readonly max?: number
  readonly mean?: number
  /** Sum of squared differences from the mean. */
  readonly m2?: number
  /** Whole numbers without gaps; numpy has bins of its own for them. */
  readonly whole?: boolean
  readonly numbers?: NumericSketch
  /** Of text: its words. */
  readonly categories?: CategorySketch
  /** Of text: characters. */
  readonly lengths?: NumericSketch
}

/** A table, or an hour of one, as sketches. JSON; add two by `mergeProfiles`. */
export interface Profile {
  readonly version: 1
  readonly rows: number
  readonly columns: readonly ColumnProfile[]
}

/** What a column is taken for. Columns that are not named are left out of a plan-made profile. */
export type ColumnPlan = readonly { readonly name: string; readonly kind: ColumnKind }[]

/** A table on disk, or what an endpoint collected: outputs joined with inputs, row ids included. */
export type DriftSource = TableSource | CollectedSource

export interface CollectedSource {
  readonly collected: CollectedSources
  readonly filter: PredictionFilter
}

export interface DriftOptions {
  readonly thresholds?: DriftThresholds
  /** Only these columns; all that both tables have without it. */
  readonly features?: readonly string[]
  /** Kinds where the type of a column misleads, for example a code that is a number. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>
  /** Column with the id of a row: never a feature, and what `rows` of the report name. */
  readonly id?: string
  /** Column with the time of a row, for freshness; and the moment that freshness counts to, RFC 3339. */
  readonly time?: string
  readonly now?: string
  /** Extreme rows for each drifted feature; 0 for none. */
  readonly rows?: number
  /** Whether to look for the slice that moved most. */
  readonly slices?: boolean
}

/** Two tables, compared exactly. */
export interface DriftRequest extends DriftOptions {
  readonly kind: 'drift'
  readonly reference: DriftSource
  readonly current: DriftSource
}
/** The profile of a table. With a plan (of the reference: `planOf`) values that do not fit are type errors. */
export interface ProfileSketchRequest {
  readonly kind: 'profile-sketch'
  readonly source: DriftSource
  readonly plan?: ColumnPlan
  readonly features?: readonly string[]
  readonly kinds?: Readonly<Record<string, ColumnKind>>
  /** Column with the id of a row, which is no feature. */
  readonly id?: string
}
/** Which columns hold what a model said and what was true. */
export interface ModelColumns {
  readonly task: 'classification' | 'regression'
  /** What the model said. Of two classes the score alone is enough: class 1 from 0.5 on. */
  readonly prediction?: string
  /** What was true. */
  readonly target: string
  /** Probability of the positive class. */
  readonly score?: string
  /** The positive class of two; the later one in order without it, such as 1, true, yes. */
  readonly positive?: string
}

/** Predictions with their labels → scores, with confidence intervals, also by slice. */
export interface PerformanceRequest extends ModelColumns {
  readonly kind: 'performance'
  readonly source: DriftSource
  /** Labels that lie in a table of their own, matched by a column of both. */
  readonly labels?: { readonly source: DriftSource; readonly key: string }
  /** Columns whose values, or ranges, are looked at one by one. */
  readonly slices?: readonly string[]
  /** 0.95 without it. */
  readonly confidence?: number
  /** Rounds of the bootstrap: 200 without it. */
  readonly rounds?: number
}

/** A reference with labels, and rows without → what the scores are likely to be. */
export interface EstimateRequest extends ModelColumns {
  readonly kind: 'estimate'
  readonly reference: DriftSource
  readonly current: DriftSource
  /** Columns that an error may depend on, for regression; all that both have without it. */
  readonly features?: readonly string[]
  readonly id?: string
}

/** Two tables, compared by whole rows. */
export interface MultivariateRequest extends Pick<DriftOptions, 'features' | 'kinds' | 'id' | 'rows'> {
  readonly kind: 'multivariate'
  readonly reference: DriftSource
  readonly current: DriftSource
}

export interface DriftResults {
  drift: DriftReport
  'profile-sketch': Profile
  performance: PerformanceReport
  estimate: EstimateReport
  multivariate: MultivariateReport
}
export type AnyDriftRequest =
  | DriftRequest
  | ProfileSketchRequest
  | PerformanceRequest
  | EstimateRequest
  | MultivariateRequest
