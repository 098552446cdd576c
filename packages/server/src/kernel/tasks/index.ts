export { releaseLeases } from './store.ts'
export type { Task, Tasks } from './task.ts'
export { buildTasks } from './tasks.ts'
