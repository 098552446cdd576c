import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import type { ServedModel } from './types.ts'

/** Hagane's own property: a pickle without a scoring script is opened because its owner says that they trust it. */
export const ALLOW_PICKLE = 'hagane.allow_pickle'

const endings = /\.(pkl|pickle|joblib|sav)$/i

/**
 * The one pickle of a model, by its path below the model's folder; undefined where there is none or several. Throws
 * `unsupported` where it is not allowed to be opened.
 */
export function pickleOf(spec: OnlineDeploymentSpec, model: ServedModel, paths: readonly string[]): string | undefined {
  const found = paths.filter(path => endings.test(path))
  const [path] = found
  if (path === undefined || found.length > 1) return undefined
  if (spec.properties?.[ALLOW_PICKLE]?.toLowerCase() === 'true') return path
  throw new HaganeError('unsupported', `${model.id} is a pickle ('${path}'): opening it runs whatever code is in it`, {
    hint: `log it as an MLflow model, save it with skops, or load it in a score.py (code_configuration); if you trust the file: properties: { ${ALLOW_PICKLE}: "true" }`,
    details: [{ property: `properties.${ALLOW_PICKLE}`, message: 'not allowed', allowed: ['true'] }],
  })
}
