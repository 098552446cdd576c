import { HaganeError, type JobExport } from '@hagane/contract'
import { isSystemMetric } from '../model/measures.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { StoredOutput } from '../model/plan.ts'
import { collection } from './export-files.ts'
import { writeJob } from './export-spec.ts'
import { readRecord, stepsOf } from './recorded.ts'

type Needs = Pick<JobNeeds, 'db' | 'blobs' | 'environments' | 'tracking'>

/** A job written as a folder that runs on another server: the resolved YAML, code and data by digest, locks, and what came out. */
export async function exportJob(needs: Needs, workspace: string, name: string): Promise<JobExport> {
  const record = await readRecord(needs.db, workspace, name)
  if (record.row.parent !== null && record.plan.kind !== 'command')
    throw new HaganeError('invalid', `job ${name} is a part of ${record.row.root} with steps of its own`, {
      hint: `export the whole: hagane job show -n ${record.row.root} --export <folder>`,
    })
  const files = collection(needs)
  const job = await writeJob(needs.db, files, record)
  const results: JobExport['results'] = []
  for (const [step, { row }] of stepsOf(record)) {
    const outputs = JSON.parse(row.outputs) as Record<string, StoredOutput>
    const metrics = await needs.tracking.latestMetrics(workspace, row.name)
    results.push({
      step,
      outputs: Object.fromEntries(Object.entries(outputs).map(([key, made]) => [key, made.tree])),
      metrics: Object.fromEntries(
        Object.entries(metrics)
          .filter(([key]) => !isSystemMetric(key))
          .map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]),
      ),
    })
  }
  const { folders, texts } = files.all()
  return {
    of: name,
    job,
    folders,
    files: texts,
    results,
    ...(record.row.git === null ? {} : { git: JSON.parse(record.row.git) }),
  }
}
