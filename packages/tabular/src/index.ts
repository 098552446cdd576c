export type {
  CategorySketch,
  ColumnPlan,
  ColumnProfile,
  DriftOptions,
  DriftRequest,
  DriftResults,
  DriftSource,
  NumericSketch,
  Profile,
  ProfileSketchRequest,
} from './drift/types.ts'
export { junitReport } from './junit.ts'
export { filesOfTable } from './mltable/files-of-table.ts'
export type { ResultOf, Rows, TabularRequest } from './requests.ts'
export { runTabular, type TabularOptions } from './run-tabular.ts'
export type { TableSource } from './table-source.ts'
