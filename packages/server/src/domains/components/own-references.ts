import {
  type ComponentSpec,
  type ErrorDetail,
  HaganeError,
  parseAssetReference,
  parseReference,
} from '@hagane/contract'

/** Properties of a component that name an asset, with or without `azureml:`. */
const naming: readonly string[] = ['environment', 'component', 'trial']
/** Forms of references that each workspace reads as its own. */
const own: readonly string[] = ['asset', 'datastore', 'job-output', 'run', 'model']

type Found = [property: string, reference: string][]

function isOwn(text: string, key: string, owner: string): boolean {
  // curated environments are the same everywhere
  if (/^(azureml:)?AzureML-/i.test(text)) return false
  const { form } = parseReference(text)
  if (naming.includes(key)) return form === 'asset' || (form === 'local' && parseAssetReference(text) !== undefined)
  // the text of an input may be its path
  return (key === 'path' || owner === 'inputs') && own.includes(form)
}

function ownReferences(value: unknown, at: readonly string[]): Found {
  if (typeof value === 'string') return isOwn(value, at.at(-1) ?? '', at.at(-2) ?? '') ? [[at.join('.'), value]] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => ownReferences(item, [...at, name]))
}

/** Throws invalid when a component for a registry names assets of one workspace: elsewhere the same name means another thing. */
export function refuseOwnReferences(spec: ComponentSpec, registry: string): void {
  const found = ownReferences(spec, [])
  const [first] = found
  if (first === undefined) return
  const details: ErrorDetail[] = found.map(([property, sent]) => ({
    property,
    message: 'names something of one workspace',
    sent,
    allowed: `azureml://registries/<registry>/…, or the thing itself`,
  }))
  throw new HaganeError(
    'invalid',
    `component: ${first[0]}: ${first[1]} is of one workspace, and a registry serves all`,
    {
      details,
      hint: `share that one with ${registry} first and name it azureml://registries/${registry}/…, or write it out in the component`,
    },
  )
}
