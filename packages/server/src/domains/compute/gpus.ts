import { buildGpus } from '@hagane/runner'

/** Reads the NVIDIA devices of this machine in the background: a call tells what the one before asked for. */
export function buildMachineGpus(): () => Record<string, number> {
  const gpus = buildGpus()
  return () => {
    gpus.refresh()
    return gpus.latest()
  }
}
