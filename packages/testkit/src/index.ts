export {
  collectsNothing,
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  jsonFrame,
  liveRevision,
  predictionIdOf,
  type SeenExchange,
  shadowRevision,
} from './capture-frames.ts'
export { engineHere, importTestImage, TEST_IMAGE } from './container-engine.ts'
export { eachDialect, type TestDatabase } from './dialects.ts'
export { at, type MlflowAnswer, MlflowApi, type MlflowJson } from './mlflow-api.ts'
export { pythonWith } from './python.ts'
export { randomNumbers } from './random-numbers.ts'
export { endOf, logOf, runJob, stepsOf, submitJob } from './run-job.ts'
export { buildTestApp, type TestApp } from './test-app.ts'
export { uploadFiles } from './upload-files.ts'
