import { createHash } from 'node:crypto'

/** Set in every process of a step: finds those that left the process group. */
export const stepVariable = 'HAGANE_STEP'

/** The variable's value: the folder in letters that `ps` prints unchanged in any locale. */
export const stepToken = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 32)
