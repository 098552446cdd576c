import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { arch, platform } from 'node:process'

/** The machine a step runs on, as far as results can depend on it. */
export interface Host {
  cpu: string
  /** Logical cores that this process may use. */
  cores: number
  /** Bytes of main memory. */
  memory: number
  gpus: string[]
  /** e.g. `linux 6.1.0 x64` */
  os: string
}

/** Reads what this machine is; read once, since it does not change under a running server. */
export function describeHost(): Host {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    gpus: gpus('/proc/driver/nvidia/gpus'),
    os: `${platform} ${release()} ${arch}`,
  }
}

/** Models of the NVIDIA devices whose driver is loaded; none where there is no such folder. */
function gpus(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map(device => /^Model:\s*(.+)$/m.exec(readFileSync(`${folder}/${device}/information`, 'utf8'))?.[1] ?? device)
  } catch {
    return []
  }
}
