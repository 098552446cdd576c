import { type ErrorDetail, HaganeError } from '@hagane/contract'
import type { Manifest, Place } from '@hagane/manifest'
import type { Invocation } from '../invocation.ts'

type Located = Pick<Manifest, 'locate' | 'warnings'>

function placeOf(manifests: readonly Located[], property: string): Place | undefined {
  for (const manifest of manifests) {
    const place = manifest.locate(property)
    if (place !== undefined) return place
  }
  return undefined
}

const textOf = ({ file, line, column }: ErrorDetail): string =>
  [file, line, column].filter(part => part !== undefined).join(':')

/** A server's error about properties of a manifest, told with the file, line and column that each was written at. */
export function withPlaces(error: unknown, manifests: readonly Located[]): unknown {
  if (!(error instanceof HaganeError) || manifests.length === 0) return error
  const details = (error.details ?? []).map((detail): ErrorDetail => {
    const known = detail.file !== undefined || detail.property === undefined
    return known ? detail : { ...detail, ...placeOf(manifests, detail.property ?? '') }
  })
  const [first] = details
  if (first?.file === undefined || error.details?.[0]?.file !== undefined) return error
  const placed = new HaganeError(error.kind, `${textOf(first)}: ${error.message}`, {
    details,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error.cause,
  })
  placed.requestId = error.requestId
  return placed
}

/**
 * Warnings of the server, `jobs.train.inputs.lr: text`, with the places of the properties they begin with. What reading
 * the manifest told of the same property already is not told again.
 */
export function warnPlaced(call: Invocation, warnings: readonly string[]): void {
  const told = new Set(call.manifests.flatMap(manifest => manifest.warnings.map(({ property }) => property)))
  for (const warning of warnings) {
    const [property = ''] = warning.split(': ', 1)
    if (told.has(property)) continue
    const place = placeOf(call.manifests, property)
    call.warn(place === undefined ? warning : `${textOf({ message: warning, ...place })}: ${warning}`)
  }
}
