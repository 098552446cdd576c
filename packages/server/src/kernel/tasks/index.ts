export type { QueueLimit } from './choose.ts'
export { releaseLeases } from './store.ts'
export type { NewTask, Task, Tasks } from './task.ts'
export { buildTasks } from './tasks.ts'
