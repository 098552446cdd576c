export { type CompareProfilesOptions, compareProfiles } from './drift/sketch/compare-profiles.ts'
export { emptyProfile, mergeProfiles, planOf } from './drift/sketch/merge-profiles.ts'
export type {
  CategorySketch,
  ColumnPlan,
  ColumnProfile,
  DriftOptions,
  DriftRequest,
  DriftResults,
  DriftSource,
  EstimateRequest,
  ModelColumns,
  MultivariateRequest,
  NumericSketch,
  PerformanceRequest,
  Profile,
  ProfileSketchRequest,
} from './drift/types.ts'
export { resultOf } from './evaluation/decide.ts'
export { jensenShannonDistance, kolmogorovSmirnov } from './evaluation/distances.ts'
export type { JudgedModel } from './evaluation/judge.ts'
export {
  className,
  type Label,
  moreIsBetter,
  type ScoredRows,
  type ScoreOptions,
  type Scorer,
  scorerOf,
} from './evaluation/scores.ts'
export { junitReport } from './junit.ts'
export { filesOfTable } from './mltable/files-of-table.ts'
export { ROW_ID, ROW_TIME } from './monitoring/columns.ts'
export type { TablePart, TablePartRequest } from './monitoring/part-of-table.ts'
export type { WindowPart, WindowProfile, WindowProfilesRequest } from './monitoring/window-profiles.ts'
export type { WindowColumn, WindowTable, WindowTableRequest } from './monitoring/window-table.ts'
export type { ResultOf, Rows, TabularRequest } from './requests.ts'
export { openReader, runTabular, type TabularOptions, type TabularReader } from './run-tabular.ts'
export type { TableSource } from './table-source.ts'
