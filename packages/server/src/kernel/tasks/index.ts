export type { QueueLimit } from './choose.ts'
export { releaseLeases } from './store.ts'
export { type NewTask, type Task, type Tasks, TryLater } from './task.ts'
export { buildTasks } from './tasks.ts'
