export { type ServeOptions, type ServeWords, serveOptions } from './options.ts'
export { runServe } from './run.ts'
