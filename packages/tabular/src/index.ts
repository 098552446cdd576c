export { junitReport } from './junit.ts'
export { filesOfTable } from './mltable/files-of-table.ts'
export type { ResultOf, Rows, TableSource, TabularRequest } from './requests.ts'
export { runTabular, type TabularOptions } from './run-tabular.ts'
