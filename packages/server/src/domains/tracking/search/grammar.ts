export type Entity = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset'
export type Operator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL'

/** One comparison of a filter. The value is text, a number, a list of texts for IN, or null for IS [NOT] NULL. */
export type Comparison =
  | { entity: Entity; key: string; operator: Operator; value: string }
  | { entity: Entity; key: string; operator: Operator; value: number }
  | { entity: Entity; key: string; operator: 'IN' | 'NOT IN'; value: readonly string[] }
  | { entity: Entity; key: string; operator: 'IS NULL' | 'IS NOT NULL'; value: null }

export interface OrderBy {
  readonly entity: Entity
  readonly key: string
  readonly ascending: boolean
}

type AttributeType = 'text' | 'number'

/** What may be searched in one kind of thing: a table instead of a parser each. */
export interface Grammar {
  /** Every spelling of an entity that is understood. */
  readonly entities: Readonly<Record<string, Entity>>
  /** The text of the refusal of any other. */
  readonly invalidEntity: (sent: string) => string
  /** Attribute keys, spellings included, with the column-like name that they mean. */
  readonly attributes: Readonly<Record<string, { name: string; type: AttributeType }>>
  readonly orderable: Readonly<Record<string, string>>
  readonly orderEntities: readonly Entity[]
  /** Entities and, among attributes, keys that take IN (…). */
  readonly listEntities: readonly Entity[]
  readonly listAttributes: readonly string[]
  /** Entities that take IS NULL. */
  readonly nullable: readonly Entity[]
  readonly datasetKeys: readonly string[]
}

export const numericOperators: readonly Operator[] = ['>', '>=', '!=', '=', '<', '<=']
export const textOperators: readonly Operator[] = ['!=', '=', 'LIKE', 'ILIKE']

const metric = { metric: 'metric', metrics: 'metric' } as const
const param = { param: 'param', params: 'param', parameter: 'param', parameters: 'param' } as const
const tag = { tag: 'tag', tags: 'tag' } as const
const attribute = { attribute: 'attribute', attributes: 'attribute', attr: 'attribute', run: 'attribute' } as const
const dataset = { dataset: 'dataset', datasets: 'dataset' } as const
const asText = (...names: string[]) => Object.fromEntries(names.map(name => [name, { name, type: 'text' as const }]))
const asNumber = (...names: string[]) =>
  Object.fromEntries(names.map(name => [name, { name, type: 'number' as const }]))
const aliases = (name: string, type: AttributeType, ...spellings: string[]) =>
  Object.fromEntries(spellings.map(spelling => [spelling, { name, type }]))
const itself = (...names: string[]) => Object.fromEntries(names.map(name => [name, name]))

const fiveEntities = "['metric', 'parameter', 'tag', 'attribute', 'dataset']"

/** Runs: entities metric, param, tag, attribute, dataset. */
export const runGrammar: Grammar = {
  entities: { ...metric, ...param, ...tag, ...attribute, ...dataset },
  invalidEntity: sent => `Invalid entity type '${sent}'. Valid values are ${fiveEntities}`,
  attributes: {
    ...asText('run_id', 'run_name', 'user_id', 'status', 'artifact_uri'),
    ...asNumber('start_time', 'end_time'),
    ...aliases('start_time', 'number', 'created', 'Created'),
    ...aliases('run_name', 'text', 'run name', 'Run name', 'Run Name'),
  },
  orderable: {
    ...itself('run_id', 'run_name', 'user_id', 'status', 'artifact_uri', 'start_time', 'end_time'),
    created: 'start_time',
    Created: 'start_time',
    'run name': 'run_name',
    'Run name': 'run_name',
    'Run Name': 'run_name',
  },
  orderEntities: ['metric', 'param', 'tag', 'attribute'],
  listEntities: ['attribute', 'dataset'],
  listAttributes: ['run_id'],
  nullable: ['tag', 'param'],
  datasetKeys: ['name', 'digest', 'context'],
}

export const experimentGrammar: Grammar = {
  entities: { attribute: 'attribute', attributes: 'attribute', ...tag },
  invalidEntity: sent => `Invalid entity type '${sent}'. Valid entity types are ('attribute', 'tag', 'tags')`,
  attributes: { ...asText('name', 'experiment_id'), ...asNumber('creation_time', 'last_update_time') },
  orderable: itself('name', 'experiment_id', 'creation_time', 'last_update_time'),
  orderEntities: ['attribute'],
  listEntities: ['attribute'],
  listAttributes: ['experiment_id'],
  nullable: ['tag'],
  datasetKeys: [],
}

const registryEntity = (sent: string) =>
  `Invalid entity type '${sent}'. Valid entity types are ('attribute', 'tag', 'tags')`

export const registeredModelGrammar: Grammar = {
  entities: { attribute: 'attribute', attributes: 'attribute', ...tag },
  invalidEntity: registryEntity,
  attributes: asText('name'),
  orderable: {
    ...itself('name', 'creation_timestamp', 'last_updated_timestamp'),
    timestamp: 'last_updated_timestamp',
  },
  orderEntities: ['attribute'],
  listEntities: ['attribute'],
  listAttributes: ['name'],
  nullable: ['tag'],
  datasetKeys: [],
}

export const modelVersionGrammar: Grammar = {
  entities: { attribute: 'attribute', attributes: 'attribute', ...tag },
  invalidEntity: registryEntity,
  attributes: {
    ...asText('name', 'run_id', 'source_path'),
    ...asNumber('version_number', 'creation_timestamp', 'last_updated_timestamp'),
    ...aliases('version_number', 'number', 'version'),
  },
  orderable: {
    ...itself('name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'),
    timestamp: 'last_updated_timestamp',
  },
  orderEntities: ['attribute'],
  listEntities: ['attribute'],
  listAttributes: ['run_id', 'name'],
  nullable: ['tag'],
  datasetKeys: [],
}

/** Logged models know their entities by the plural only. */
export const loggedModelGrammar: Grammar = {
  entities: { attributes: 'attribute', metrics: 'metric', params: 'param', tags: 'tag' },
  invalidEntity: sent => `Invalid entity type: '${sent}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].`,
  attributes: {
    ...asText('name', 'model_id', 'model_type', 'status', 'source_run_id'),
    ...asNumber('creation_timestamp', 'last_updated_timestamp'),
    ...aliases('creation_timestamp', 'number', 'creation_time', 'creation_timestamp_ms'),
    ...aliases('last_updated_timestamp', 'number', 'last_updated_time', 'last_updated_timestamp_ms'),
  },
  orderable: {
    ...itself(
      'name',
      'model_id',
      'model_type',
      'status',
      'source_run_id',
      'creation_timestamp',
      'last_updated_timestamp',
    ),
    creation_time: 'creation_timestamp',
    creation_timestamp_ms: 'creation_timestamp',
    last_updated_time: 'last_updated_timestamp',
    last_updated_timestamp_ms: 'last_updated_timestamp',
  },
  orderEntities: ['metric', 'attribute'],
  listEntities: ['attribute', 'param', 'tag'],
  listAttributes: ['name', 'model_id', 'model_type', 'status', 'source_run_id'],
  nullable: [],
  datasetKeys: [],
}
