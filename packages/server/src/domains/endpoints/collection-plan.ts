import { type CollectionPlan, HaganeError, type OnlineDeploymentSpec, parseReference } from '@hagane/contract'

/**
 * What a deployment collects by its `data_collector`: names in lower case as Azure ML reads them, a collection's own
 * sampling rate before the common one. Undefined when nothing is. Throws `invalid` for a destination that is no datastore path.
 */
export function collectionPlanOf({ data_collector: given }: OnlineDeploymentSpec): CollectionPlan | undefined {
  if (given === undefined) return undefined
  const enabled = Object.entries(given.collections).filter(([, { enabled }]) => enabled === true)
  if (enabled.length === 0) return undefined
  return {
    collections: Object.fromEntries(
      enabled.map(([name, one]) => [name.toLowerCase(), one.sampling_rate ?? given.sampling_rate ?? 1]),
    ),
    headers: (given.request_logging?.capture_headers ?? []).map(name => name.toLowerCase()),
    redact: given.redact ?? {},
    copies: Object.fromEntries(
      enabled.flatMap(([name, { data }]) =>
        data?.path === undefined ? [] : [[name.toLowerCase(), datastorePath(name, data.path)]],
      ),
    ),
  }
}

function datastorePath(collection: string, path: string): string {
  if (parseReference(path).form === 'datastore') return path
  const property = `data_collector.collections.${collection}.data.path`
  throw new HaganeError('invalid', `${property}: '${path}' is not a path of a datastore`, {
    details: [
      { property, message: 'not a datastore path', sent: path, allowed: 'azureml://datastores/<name>/paths/…' },
    ],
    hint: 'leave it out to collect into workspaceblobstore, modelDataCollector/<endpoint>/<deployment>/<collection>',
  })
}

/** Throws where a workspace has no such datastore, or the path leads out of it. */
export type CheckDatastore = (workspace: string, datastore: string, path: string) => Promise<void>

/** Throws `invalid` where a collection is to go to a place that there is none of: nothing would be kept there later. */
export async function checkDestinations(
  workspace: string,
  spec: OnlineDeploymentSpec,
  check: CheckDatastore,
): Promise<void> {
  for (const [collection, sent] of Object.entries(collectionPlanOf(spec)?.copies ?? {})) {
    const reference = parseReference(sent)
    if (reference.form !== 'datastore') continue
    await check(workspace, reference.datastore, reference.path).catch((error: unknown) => {
      if (!(error instanceof HaganeError)) throw error
      const property = `data_collector.collections.${collection}.data.path`
      throw new HaganeError('invalid', `${property}: ${error.message}`, {
        details: [{ property, message: error.message, sent, allowed: 'azureml://datastores/<name>/paths/…' }],
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })
    })
  }
}

/** Hagane's own switch at an endpoint, `properties: { hagane.comparison_share: "0.1" }`; undefined keeps all that is mirrored. */
export function comparisonShareOf(properties: Record<string, string>): number | undefined {
  const share = Number(properties['hagane.comparison_share'] ?? Number.NaN)
  return share >= 0 && share <= 1 ? share : undefined
}
