import { renderText } from '@hagane/contract'
import type { OutputPlan } from './plan.ts'

/** Where in a datastore an output goes, `${{name}}` filled in; undefined when it stays with the job. */
export const datastorePath = (output: OutputPlan, job: string): string | undefined =>
  output.path === undefined
    ? undefined
    : renderText(output.path, expression =>
        expression.scope === 'name' ? job : expression.scope === 'default-datastore' ? 'workspaceblobstore' : undefined,
      )
