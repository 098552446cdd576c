import type { Requirement } from './requirement.ts'

const bare = (name: string): Requirement => ({ name, extras: [], specifiers: [], hashes: [] })

/**
 * Packages that only connect a script to Azure's own service, and what stands in for them here. Client libraries such as
 * azureml-core are left as they are: a script may import them.
 */
const REPLACED: Readonly<Record<string, { by: readonly string[]; unless?: readonly string[]; why: string }>> = {
  'azureml-mlflow': {
    by: ['mlflow'],
    unless: ['mlflow', 'mlflow-skinny'],
    why: 'MLflow reaches this server by itself',
  },
  'azureml-inference-server-http': { by: ['flask', 'inference-schema'], why: 'Hagane has its own scoring server' },
  'azureml-defaults': { by: ['flask', 'inference-schema'], why: 'Hagane has its own scoring server' },
}

/** Replaces plug-ins of Azure's service and says so; versions that were asked for by name are kept. */
export function withoutAzurePlugins(requirements: readonly Requirement[]): {
  requirements: Requirement[]
  deviations: string[]
} {
  const named = new Set(requirements.map(requirement => requirement.name))
  const kept: Requirement[] = []
  const deviations: string[] = []
  for (const requirement of requirements) {
    const rule = REPLACED[requirement.name]
    if (rule === undefined) {
      kept.push(requirement)
      continue
    }
    const added = rule.unless?.some(name => named.has(name)) ? [] : rule.by.filter(name => !named.has(name))
    for (const name of added) named.add(name)
    kept.push(...added.map(bare))
    deviations.push(
      `${requirement.name} was ${added.length === 0 ? 'left out' : `replaced by ${added.join(', ')}`}: ${rule.why}`,
    )
  }
  return { requirements: kept, deviations }
}
