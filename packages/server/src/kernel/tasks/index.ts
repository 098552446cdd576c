export { buildTasks, type NewTask, releaseLeases, type Task, type TaskHandler, type Tasks } from './tasks.ts'
