import { digestSchema, isSafeTreePath } from './names.ts'

/**
 * Every reference form of Azure ML, MLflow and Hagane, parsed once. `tree` is Hagane's own: uploaded content by digest,
 * `hagane://trees/<sha256>` for a folder and `hagane://trees/<sha256>/<path>` for a file or folder inside it.
 */
export type Reference =
  | { form: 'asset'; name: string; version?: string; label?: string }
  | { form: 'registry'; registry: string; kind: string; name: string; version?: string; label?: string }
  | { form: 'datastore'; datastore: string; path: string }
  | { form: 'job-output'; job: string; output: string; path: string }
  | { form: 'run'; runId: string; path: string }
  | { form: 'model'; name: string; version?: string; alias?: string }
  | { form: 'tree'; digest: string; path: string }
  | { form: 'url'; url: string }
  | { form: 'local'; path: string }

const patterns: [RegExp, (groups: Record<string, string | undefined>) => Reference | undefined][] = [
  [
    /^hagane:\/\/trees\/(?<digest>[0-9a-f]{64})(?:\/(?<path>.*))?$/,
    g =>
      digestSchema.safeParse(g.digest).success && (g.path === undefined || g.path === '' || isSafeTreePath(g.path))
        ? { form: 'tree', digest: g.digest as string, path: g.path ?? '' }
        : undefined,
  ],
  [
    /^azureml:\/\/registries\/(?<registry>[^/]+)\/(?<kind>[^/]+)\/(?<name>[^/]+)(?:\/(?:versions\/(?<version>[^/]+)|labels\/(?<label>[^/]+)))?\/?$/,
    g => ({ form: 'registry', registry: g.registry as string, kind: g.kind as string, ...versioned(g) }),
  ],
  [
    /^azureml:\/\/(?:subscriptions\/.*\/)?datastores\/(?<datastore>[^/]+)(?:\/paths)?(?:\/(?<path>.*))?$/,
    g => ({ form: 'datastore', datastore: g.datastore as string, path: g.path ?? '' }),
  ],
  [
    /^azureml:\/\/jobs\/(?<job>[^/]+)\/outputs\/(?<output>[^/]+)(?:\/paths)?(?:\/(?<path>.*))?$/,
    g => ({ form: 'job-output', job: g.job as string, output: g.output as string, path: g.path ?? '' }),
  ],
  [/^runs:\/+(?<runId>[^/]+)(?:\/(?<path>.*))?$/, g => ({ form: 'run', runId: g.runId as string, path: g.path ?? '' })],
  [
    /^models:\/+(?<name>[^/@]+)(?:\/(?<version>[^/]+)|@(?<alias>[^/]+))?$/,
    g => ({
      form: 'model',
      name: g.name as string,
      ...(g.version ? { version: g.version } : {}),
      ...(g.alias ? { alias: g.alias } : {}),
    }),
  ],
  [/^(?:https?|wasbs?|abfss?|s3|gs|adl):\/\//, () => undefined],
  [
    /^azureml:(?!\/\/)(?<name>[^:@/]+)(?::(?<version>[^:@/]+)|@(?<label>[^:@/]+))?$/,
    g => ({ form: 'asset', ...versioned(g) }),
  ],
]

const versioned = (g: Record<string, string | undefined>) => ({
  name: g.name as string,
  ...(g.version === undefined ? {} : { version: g.version }),
  ...(g.label === undefined ? {} : { label: g.label }),
})

/** Parses a reference; anything without a known scheme is a local path (a `file:` prefix is dropped). */
export function parseReference(text: string): Reference {
  const trimmed = text.trim()
  for (const [pattern, build] of patterns) {
    const match = pattern.exec(trimmed)
    if (match === null) continue
    return build({ ...match.groups }) ?? { form: 'url', url: trimmed }
  }
  return { form: 'local', path: trimmed.replace(/^file:(\/\/)?/, '') }
}

/** `name`, `name:version`, `name@label` with or without the `azureml:` prefix, where only an asset can be meant. */
export function parseAssetReference(text: string): { name: string; version?: string; label?: string } | undefined {
  const reference = parseReference(text.startsWith('azureml:') ? text : `azureml:${text}`)
  if (reference.form === 'asset' || reference.form === 'registry') {
    const { name, version, label } = reference
    return { name, ...(version === undefined ? {} : { version }), ...(label === undefined ? {} : { label }) }
  }
  return undefined
}

export const treeUri = (digest: string, path = ''): string => `hagane://trees/${digest}${path === '' ? '' : `/${path}`}`

/** `azureml://registries/<registry>/<models|data|components|environments>/<name>/versions/<version>` */
export const registryUri = (registry: string, kind: string, name: string, version: string): string =>
  `azureml://registries/${registry}/${kind}/${name}/versions/${version}`
