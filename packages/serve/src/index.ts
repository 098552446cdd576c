export { checkAccess, environmentManagers, type ServeOptions, wholeNumber } from './options.ts'
export { runServe } from './run.ts'
