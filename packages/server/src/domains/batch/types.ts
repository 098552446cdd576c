import type {
  BatchRevision,
  ComponentSpec,
  EnvironmentSpec,
  JobResource,
  JobSpec,
  PipelineComponentSpec,
} from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { ModelSource } from '../endpoints/index.ts'

/** What a deployment was resolved to. */
export type BatchFacts = Omit<
  BatchRevision,
  'revision_id' | 'endpoint' | 'deployment' | 'created_at' | 'created_by' | 'environment'
> & {
  /** Name of the model's folder or file below AZUREML_MODEL_DIR. */
  folder?: string
  environment?: string | EnvironmentSpec | null
  /** The component as it is run when it has no version of its own. */
  inline?: PipelineComponentSpec
  /** The pipeline that a job ran. */
  pipeline?: Extract<JobSpec, { type: 'pipeline' }>
}

/** What other domains have to answer. */
export interface BatchSources {
  models: ModelSource
  /** Cheap; builds nothing. Throws not_found, invalid or unsupported. */
  environment(workspace: string, environment: string | EnvironmentSpec | null): Promise<{ id?: string }>
  component(
    workspace: string,
    reference: string,
  ): Promise<{ name: string; version: string; digest: string; spec: ComponentSpec }>
  jobs: {
    submit(
      who: Who,
      submission: { job: JobSpec; default_experiment_name?: string },
      inTx: (tx: Tx) => Promise<void>,
    ): Promise<JobResource>
    /** Throws what a submission of this job would be refused with. */
    check(workspace: string, job: JobSpec): Promise<void>
    specOf(workspace: string, name: string): Promise<JobSpec>
    named(workspace: string, names: readonly string[]): Promise<JobResource[]>
  }
}

/** A row that a batch job has scored, or the whole job. */
export interface BatchPrediction {
  job: string
  endpoint: string
  deployment: string
  revision: string
  time: string
  row?: number
}
