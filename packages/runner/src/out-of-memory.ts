import { readRecord } from './layout.ts'
import { hasRisen } from './memory-kills.ts'

/** Whether the kernel ended a process for lack of memory since the step in this folder was staged: then SIGKILL came from it. */
export const ranOutOfMemory = (folder: string): boolean => hasRisen(readRecord(folder).memoryKills)
