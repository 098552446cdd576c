export { releaseLeases } from './store.ts'
export type { NewTask, Task, TaskHandler, Tasks } from './task.ts'
export { buildTasks } from './tasks.ts'
