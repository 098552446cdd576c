import { HaganeError, type MonitorData, type MonitorDefinition, type MonitorSignal } from '@hagane/contract'
import type { MonitoringNeeds } from './needs.ts'
import { signalsOf, targetOf } from './plan.ts'

type Needs = Pick<MonitoringNeeds, 'deployment' | 'resolve' | 'components'>

/** What a signal names, by its property. */
interface Named {
  readonly property: string
  readonly what: 'data' | 'component'
  readonly reference: string
}

/**
 * What a monitor names that is not there (yet), as `property: text`. Nothing of it is an error: a monitor may be made before what it
 * looks at, and says at each run what is missing.
 */
export async function warningsOf(needs: Needs, workspace: string, definition: MonitorDefinition): Promise<string[]> {
  const missing = signalsOf(definition)
    .flatMap(({ name, signal }) => namedIn(`create_monitor.monitoring_signals.${name}`, signal))
    .map(async ({ property, what, reference }) => {
      const found =
        what === 'data' ? needs.resolve(workspace, reference) : needs.components.resolve(workspace, reference)
      const problem = await found.then(() => undefined, problemOf)
      return problem === undefined ? [] : [`${property}: ${problem}`]
    })
  return [...(await withoutDeployment(needs, workspace, definition)), ...(await Promise.all(missing)).flat()]
}

async function withoutDeployment(needs: Needs, workspace: string, definition: MonitorDefinition): Promise<string[]> {
  const target = targetOf(definition)
  if (target === undefined) return []
  const { endpoint, deployment } = target
  if ((await needs.deployment(workspace, endpoint, deployment)) !== undefined) return []
  return [
    `create_monitor.monitoring_target.endpoint_deployment_id: there is no deployment ${deployment} at endpoint ${endpoint}; nothing is judged until there is`,
  ]
}

function problemOf(error: unknown): string {
  if (error instanceof HaganeError) return error.message
  throw error
}

function namedIn(property: string, signal: MonitorSignal): Named[] {
  const component = 'component_id' in signal ? String(signal.component_id) : undefined
  const tables = ['production_data', 'reference_data', 'input_data'].flatMap(name => {
    const said = (signal as Record<string, unknown>)[name]
    const many = name === 'input_data' ? Object.entries(said ?? {}) : [said].flat().entries()
    return [...many].flatMap(([key, data]) =>
      data === undefined
        ? []
        : ofData(
            [property, name, ...(name === 'input_data' || Array.isArray(said) ? [key] : [])].join('.'),
            data as MonitorData,
          ),
    )
  })
  return [
    ...(component === undefined
      ? []
      : [{ property: `${property}.component_id`, what: 'component' as const, reference: component }]),
    ...tables,
  ]
}

const ofData = (property: string, { input_data: table, pre_processing_component: component }: MonitorData): Named[] => [
  ...(table === undefined
    ? []
    : [{ property: `${property}.input_data.path`, what: 'data' as const, reference: table.path }]),
  ...(component === undefined
    ? []
    : [{ property: `${property}.pre_processing_component`, what: 'component' as const, reference: component }]),
]
