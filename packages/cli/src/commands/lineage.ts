import { type LineageGraph, type LineageNode, lineageRoutes, openLineageRoutes } from '@hagane/contract'
import { saveLines } from '../download/save-lines.ts'
import { count, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { drawLineage } from '../output/lineage-tree.ts'
import type { Column } from '../output/table.ts'

const directions = ['up', 'down', 'both'] as const

/** Flags that name the thing, and the kind that the server calls it. */
const kindFlags = {
  prediction: text('--prediction <id>', 'a prediction, by the id that came with the answer'),
  job: text('--job <name>', 'a job'),
  model: text('--model <name:version>', 'a model version'),
  data: text('--data <name:version>', 'a data asset version'),
}

const columns: readonly Column<LineageNode>[] = [
  ['Depth', node => node.depth],
  ['Kind', node => node.kind],
  ['Name', node => node.name],
]

const show = verb({
  name: 'show',
  summary: 'Show what stands behind a thing (up), what came of it (down), or both',
  examples: [
    'hagane lineage show --prediction pr-0123456789abcdef-01JCY0R3KQ6W2M8Z4V7T5N9X1B',
    'hagane lineage show --model flights:3 --direction down',
    'hagane lineage show deployment:flights/blue -o table',
  ],
  argument: { spelling: '[reference]', summary: '<kind>:<name>, e.g. job:brave_iron_12, commit:4f2a9c1' },
  flags: {
    ...kindFlags,
    direction: text('--direction <direction>', 'which way to look (default: up)', { choices: directions }),
    depth: count('--depth <n>', 'how many steps away at most (default: 20)'),
  },
  run: async (call, options) => {
    const query = {
      of: referenceOf(call.args[0], options),
      direction: directions.find(direction => direction === options.direction) ?? 'up',
      depth: options.depth ?? 20,
    } as const
    const graph: LineageGraph = await call.client.call(lineageRoutes.show, { query })
    const onTerminal = call.surroundings.stdout.isTTY === true && !call.likeAz
    if (onTerminal && !call.resultIsWanted) call.surroundings.stdout.write(drawLineage(graph, query.direction))
    else if (call.globals.output === 'table' && call.globals.query === undefined) await call.print(graph.nodes, columns)
    else await call.print(graph)
  },
})

function referenceOf(argument: string | undefined, options: Record<keyof typeof kindFlags, string | undefined>) {
  const kinds = Object.keys(kindFlags) as (keyof typeof kindFlags)[]
  const named = kinds.flatMap(kind => (options[kind] === undefined ? [] : [`${kind}:${options[kind]}`]))
  const all = argument === undefined ? named : [argument, ...named]
  const [only, ...others] = all
  if (only !== undefined && others.length === 0) return only
  throw new UsageError(
    only === undefined ? 'lineage of what?' : `lineage of one thing at a time, not of ${all.join(' and ')}`,
    'name it: hagane lineage show --model flights:3',
  )
}

const exportVerb = verb({
  name: 'export',
  summary: 'Write what jobs did as run events of OpenLineage, one a line',
  examples: ['hagane lineage export --format openlineage --file runs.jsonl'],
  flags: {
    format: text('--format <format>', 'openlineage (default)', { choices: ['openlineage'] }),
    after: count('--after <seq>', 'only what later events of the chain say'),
    file: text('-f, --file <path>', 'file to write (default: stdout)'),
  },
  run: async (call, options) => {
    const query = { after: options.after ?? 0 }
    await saveLines(call, await call.client.raw(openLineageRoutes.export, { query }), options.file)
  },
})

export const noun: Noun = {
  name: 'lineage',
  summary: 'What stands behind a thing, and what came of it',
  verbs: [show, exportVerb],
}
