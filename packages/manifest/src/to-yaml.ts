import { stringify } from 'yaml'
import { isMap, own, type YamlMap } from './tree.ts'

/** The order in which an author writes a manifest; other properties follow as they come. */
const firstKeys = [
  '$schema',
  'type',
  'name',
  'version',
  'display_name',
  'experiment_name',
  'endpoint_name',
  'description',
  'tags',
  'properties',
  'settings',
  'compute',
  'inputs',
  'outputs',
  'component',
  'code',
  'command',
  'environment',
]
const lastKeys = ['trial', 'jobs']

/** Maps whose keys are the user's own names; their order is kept. */
const namedMaps = [
  'inputs',
  'outputs',
  'jobs',
  'tags',
  'properties',
  'environment_variables',
  'services',
  'search_space',
  'traffic',
  'mirror_traffic',
  'collections',
  'flavors',
]

function orderedKeys(map: YamlMap): string[] {
  const keys = Object.keys(map).filter(key => map[key] !== undefined)
  const first = firstKeys.filter(key => keys.includes(key))
  const last = lastKeys.filter(key => keys.includes(key))
  return [...first, ...keys.filter(key => !firstKeys.includes(key) && !lastKeys.includes(key)), ...last]
}

function ordered(value: unknown, named: boolean): unknown {
  if (Array.isArray(value)) return value.map(item => ordered(item, false))
  if (!isMap(value)) return value
  const keys = named ? Object.keys(value).filter(key => value[key] !== undefined) : orderedKeys(value)
  return Object.fromEntries(keys.map(key => [key, ordered(own(value, key), !named && namedMaps.includes(key))]))
}

/**
 * Prints a resource as YAML that reads back to the same resource, here and with Azure ML's YAML 1.1 reader: texts that
 * look like numbers, booleans or dates are quoted, texts of several lines are blocks. Equal resources print equally.
 */
export function toYaml(resource: object): string {
  return stringify(ordered(resource, false), {
    schema: 'core',
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
    lineWidth: 0,
    nullStr: 'null',
  })
}
