import { HaganeError } from '@hagane/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { memoryFiles } from './files.ts'
import { type ManifestKind, manifestKindNames } from './kinds.ts'
import { loadManifest } from './load-manifest.ts'

const valid: [ManifestKind, string][] = [
  [
    'job',
    `
type: pipeline
inputs: {data: {type: uri_folder, path: folder}, lr: 1e-3}
outputs: {model: {mode: upload}}
settings: {default_compute: "azureml:cpu", force_rerun: true}
jobs:
  a: {component: other.yml, inputs: {data: "\${{parent.inputs.data}}", lr: 1}, outputs: {o: "\${{parent.outputs.model}}"}}
  b: {command: "ls \${{inputs.x}}", code: folder, inputs: {x: "\${{parent.jobs.a.outputs.o}}"}, environment: {image: x, conda_file: conda.yml}}
`,
  ],
  [
    'job',
    `
type: sweep
trial: {command: "t \${{search_space.lr}} $[[--x \${{inputs.x}}]]", code: folder, environment: "azureml:e:1"}
inputs: {x: {type: number, value: 1.0}}
sampling_algorithm: random
search_space: {lr: {type: choice, values: [1e-3, 2]}}
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 4}
`,
  ],
  [
    'component',
    'name: c\nversion: 1\ncommand: ls ${{inputs.a}}\ncode: folder\nadditional_includes: [other.yml]\ninputs: {a: {type: number, default: 1.0, enum: [1.0]}}',
  ],
  [
    'online-deployment',
    'name: b\nendpoint_name: e\nmodel: {path: folder, version: 1}\ncode_configuration: {code: folder, scoring_script: s.py}\nenvironment: other.yml\ninstance_count: 1',
  ],
  ['environment', 'name: e\nbuild: {path: folder}\ntags: {a: 1.0}'],
  ['data', 'name: d\npath: folder\ntype: uri_folder'],
  ['model', 'name: m\npath: folder\nflavors: {sklearn: {v: 1}}'],
]
const other = 'name: c\ncommand: ls\ninputs: {data: {type: uri_folder}, lr: {type: number, default: 1}}\noutputs: {o: }'

const texts = [
  'pipeline',
  'sweep',
  'spark',
  'uri_file',
  './other.yml',
  'file:main.yml',
  'conda.yml',
  'folder',
  '../..',
  '',
]
const hostile = ['${{parent.jobs.b.outputs.o}}', '${{inputs.a}}', '$[[ ${{', 'nul\0', '1e-3', 'azureml:x@latest', '.']
const names = ['type', 'inputs', 'jobs', 'component', 'path', 'constructor', 'toString', '__proto__', 'a', 'version']
const scalar = fc.oneof(
  fc.constantFrom<unknown>(...texts, ...hostile, null, true, Number.POSITIVE_INFINITY),
  fc.string(),
  fc.double(),
)
const key = fc.oneof(fc.constantFrom(...names), fc.string())
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}))

interface Mutation {
  at: number
  action: 'replace' | 'remove' | 'rename'
  value: unknown
  name: string
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(200),
  action: fc.constantFrom('replace', 'remove', 'rename'),
  value: tree,
  name: key,
})

/** Every map and key below a value, in one list. */
const slotsOf = (value: unknown): [Record<string, unknown>, string][] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.keys(value).flatMap(name => [
        [value as Record<string, unknown>, name] as [Record<string, unknown>, string],
        ...slotsOf((value as Record<string, unknown>)[name]),
      ])

function mutated(text: string, mutations: readonly Mutation[]): string {
  const root = parse(text) as object
  for (const { at, action, value, name } of mutations) {
    const slots = slotsOf(root)
    const [owner, owned] = slots[at % slots.length] ?? [{}, '']
    if (action === 'rename') owner[name] = structuredClone(owner[owned])
    if (action !== 'replace') delete owner[owned]
    else owner[owned] = structuredClone(value)
  }
  return stringify(root)
}

async function onlyKnownErrors(kind: ManifestKind | undefined, main: string, included: string, set: string[]) {
  const files = memoryFiles({
    '/p/main.yml': main,
    '/p/other.yml': included,
    '/p/conda.yml': 'a: 1',
    '/p/folder/x': '',
  })
  try {
    await loadManifest({ file: '/p/main.yml', ...(kind === undefined ? {} : { kind }), files, set })
    return 'accepted'
  } catch (error) {
    expect(error).toBeInstanceOf(HaganeError)
    expect(['invalid', 'unsupported']).toContain((error as HaganeError).kind)
    expect((error as HaganeError).details?.every(detail => detail.message !== '')).toBe(true)
    return 'refused'
  }
}

const path = fc.array(key, { minLength: 1, maxLength: 4 }).map(parts => parts.join('.'))
const setting = fc.oneof(
  fc.string(),
  fc.tuple(path, fc.string()).map(([left, right]) => `${left}=${right}`),
)

test.each(valid)('the manifest of a %s that is mutated below is valid', async (kind, text) => {
  const included = kind === 'online-deployment' ? 'image: x' : other
  expect(await onlyKnownErrors(kind, text, included, [])).toBe('accepted')
})

test('whatever happens to a valid manifest, it is read or refused with a known error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...valid),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      fc.array(mutation, { maxLength: 2 }),
      fc.array(setting, { maxLength: 2 }),
      async ([kind, text], mutations, inner, set) => {
        await onlyKnownErrors(kind, mutated(text, mutations), mutated(other, inner), set)
      },
    ),
    { numRuns: 500 },
  )
})

const pieces = ['---\n', '<<: ', '&a ', '*a', '!!binary ', '\uFEFF', ...'{}[]:,-&*!|>%@`"\'#?\n\t ab1~.<=$']
test('whatever text a manifest is, it is read or refused with a known error', async () => {
  const yamlish = fc.array(fc.constantFrom(...pieces)).map(parts => parts.join(''))
  const kinds = fc.constantFrom(undefined, ...manifestKindNames)
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), yamlish), kinds, async (text, kind) => {
      await onlyKnownErrors(kind, text, text, [])
    }),
    { numRuns: 500 },
  )
})
