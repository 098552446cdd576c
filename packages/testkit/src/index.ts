export { eachDialect, type TestDatabase } from './dialects.ts'
export { buildTestApp, type TestApp } from './test-app.ts'
