import { recordIn } from './layout.ts'
import { hasRisen } from './memory-kills.ts'

/**
 * Whether the kernel ended a process for lack of memory since the step in this folder was staged: then SIGKILL came from it.
 * False where no record tells: a power cut may have taken it.
 */
export const ranOutOfMemory = (folder: string): boolean => hasRisen(recordIn(folder)?.memoryKills)
