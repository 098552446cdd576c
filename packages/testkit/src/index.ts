export { eachDialect, type TestDatabase } from './dialects.ts'
export { at, type MlflowAnswer, MlflowApi, type MlflowJson } from './mlflow-api.ts'
export { pythonWith } from './python.ts'
export { buildTestApp, type TestApp } from './test-app.ts'
