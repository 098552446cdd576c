export { type ServeOptions, type ServeWords, serveOptions } from './options.ts'
export { runServe } from './run.ts'
export { temporaryFolder } from './temporary-folder.ts'
