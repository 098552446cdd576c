import { z } from 'zod'
import { digestSchema, nameSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { gitState } from './jobs.ts'

/** A job as it was resolved, written so that it runs from a folder: paths in `job` are relative to that folder. */
export const jobExport = z
  .object({
    of: nameSchema,
    job: z.record(z.string(), z.unknown()).describe('the content of job.yml'),
    folders: z.array(
      z.object({
        path: z.string().describe('where it lies below the folder'),
        kind: z.enum(['code', 'data']),
        tree: digestSchema,
        below: z.string().describe('path inside the tree'),
        from: z.string().optional().describe('where it came from'),
      }),
    ),
    files: z.array(z.object({ path: z.string(), text: z.string() })).describe('locks of environments, the record'),
    results: z.array(
      z.object({
        step: z.string(),
        outputs: z.record(z.string(), z.string()).describe('digest of each output'),
        metrics: z.record(z.string(), z.unknown()),
      }),
    ),
    git: gitState.optional(),
  })
  .meta({ id: 'JobExport' })
export type JobExport = z.output<typeof jobExport>

export const jobExportRoutes = {
  export: route({
    operationId: 'jobs.export',
    method: 'GET',
    path: '/api/v1/jobs/:name/export',
    permission: 'job.read',
    summary: 'Everything that another server needs to compute a job again',
    params: z.object({ name: nameSchema }),
    response: jobExport,
  }),
}
