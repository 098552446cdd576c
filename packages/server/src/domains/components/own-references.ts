import { type ComponentSpec, type ErrorDetail, HaganeError, parseReference } from '@hagane/contract'

/** Properties of a component whose references another workspace would read as its own. */
const referring: readonly string[] = ['environment', 'component', 'trial', 'path']

type Found = [property: string, reference: string][]

function ownReferences(value: unknown, at: string, key: string): Found {
  if (typeof value === 'string') {
    const isOwn = referring.includes(key) && value.startsWith('azureml:') && parseReference(value).form === 'asset'
    // curated environments are the same everywhere
    return isOwn && !/^azureml:AzureML-/i.test(value) ? [[at, value]] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => ownReferences(item, at === '' ? name : `${at}.${name}`, name))
}

/** Throws invalid when a component for a registry names assets of one workspace: elsewhere the same name means another thing. */
export function refuseOwnReferences(spec: ComponentSpec, registry: string): void {
  const found = ownReferences(spec, '', '')
  const [first] = found
  if (first === undefined) return
  const details: ErrorDetail[] = found.map(([property, sent]) => ({
    property,
    message: 'names an asset of one workspace',
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
