import { HaganeError } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { QueueLimit } from '../../kernel/tasks/index.ts'
import type { ComputeDriver } from './driver.ts'
import { buildMachineGpus } from './gpus.ts'
import { describeHost, type Host } from './host.ts'
import { buildLimits, queueOf } from './limits.ts'
import { buildLocalDriver } from './local-driver.ts'
import { bindRoutes } from './routes.ts'
import { buildService } from './service.ts'

export type {
  ComputeDriver,
  ContainerPlace,
  Measuring,
  StepExit,
  StepProcess,
  StepResult,
  StepUsage,
  StepWork,
  UsagePoint,
} from './driver.ts'

export interface Compute {
  routes: BoundRoute[]
  driver: ComputeDriver
  /** The machine that steps run on. */
  host: Host
  /** What its GPUs did when they were last looked at, by MLflow's names; each call looks again. Empty where there is none. */
  gpus(): Record<string, number>
  /** Throws invalid on a name that no compute can have. Any other name means this machine: in Azure's YAML it is a label. */
  require(workspace: string, name: string): Promise<void>
  /** What each queue of steps allows at the same time. */
  limits(): Promise<ReadonlyMap<string, QueueLimit>>
  queueOf(workspace: string, compute: string | null): string
}

/** Compute targets. So far all run on this machine: names and sizes of Azure's YAML are kept and shown, own limits hold. */
export function buildCompute({ db, blobs }: { db: Database; blobs: BlobStore }): Compute {
  const limits = buildLimits(db)
  return {
    limits: limits.byQueue,
    queueOf,
    driver: buildLocalDriver(blobs),
    host: describeHost(),
    gpus: buildMachineGpus(),
    routes: bindRoutes(buildService(db, limits.forget)),
    async require(_workspace, name) {
      if (/^[A-Za-z0-9_<][A-Za-z0-9_.<>-]*$/.test(name)) return
      const allowed = 'azureml:<name>, <name>, local or azureml:serverless'
      throw new HaganeError('invalid', `'${name}' is not a compute name`, {
        details: [{ message: 'not the name of a compute', sent: name, allowed }],
      })
    },
  }
}
