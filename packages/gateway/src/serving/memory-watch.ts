import { readFileSync } from 'node:fs'
import { usageOf } from '../metrics/process-usage.ts'

const lookMs = 250

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/**
 * Looks four times a second at what a worker and the processes that it started hold, and says once that it is more than
 * they may. Where the system has no /proc nothing is seen, and nothing is limited.
 */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout

  /** `pid`: the worker, as soon as there is one. */
  constructor(pid: () => number | undefined, limit: number, exceeded: (why: string) => void) {
    this.#timer = setInterval(() => {
      const worker = pid()
      const held = worker === undefined ? 0 : heldBy(worker)
      if (held <= limit) return
      this.stop()
      exceeded(`it held ${megabytes(held)} of memory, and resources.limits.memory gives it ${megabytes(limit)}`)
    }, lookMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Resident bytes of a process and all below it. */
function heldBy(pid: number): number {
  const own = usageOf(pid)?.residentBytes ?? 0
  return childrenOf(pid).reduce((sum, child) => sum + heldBy(child), own)
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return text === '' ? [] : text.split(' ').map(Number)
  } catch {
    // Another system, or a process that has just ended.
    return []
  }
}
