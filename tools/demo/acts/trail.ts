import { join } from 'node:path'
import type { Stage } from './act.ts'

interface LineageGraph {
  readonly nodes: readonly { readonly kind: string; readonly name: string }[]
}

const asked = ['commit', 'data', 'environment', 'parameters', 'job', 'model', 'person']

/** From one prediction back to everything that stands behind it. */
export async function traceBack(stage: Stage, predictionId: string): Promise<void> {
  const { cli, tell } = stage
  const show = ['lineage', 'show', `prediction:${predictionId}`]
  const graph = await cli.json<LineageGraph>(...show)
  const counts = asked.flatMap(kind => {
    const names = graph.nodes.filter(node => node.kind === kind)
    return names.length === 0 ? [] : [`${names.length} ${kind}`]
  })
  const what = `lineage of the prediction: ${counts.join(', ')}`
  tell.progress(what)
  tell.story(what, cli.typed(...show))
}

interface Trail {
  readonly story: readonly {
    readonly actor: string
    readonly says: string
    readonly time: string
    readonly type: string
  }[]
}

const decisions = ['gate.passed', 'model.alias-set', 'endpoint.traffic-changed', 'rollout.rolled-back']

/** The trail of a prediction; of its events, those are told that decided which model answers. */
export async function tellTrail({ cli, tell }: Stage, predictionId: string): Promise<void> {
  const show = ['audit', 'trail', '--prediction', predictionId]
  const { story } = await cli.json<Trail>(...show)
  const what = `trail of the prediction: ${story.length} events from data to traffic`
  tell.progress(what)
  const decided = story.filter(({ type }) => decisions.includes(type.replace('dev.hagane.', '')))
  for (const { time, actor, says } of decided.slice(-6)) tell.progress(`  ${time.slice(11, 19)} ${actor}: ${says}`)
  tell.story(what, cli.typed(...show))
}

/** The hash chain over every change, checked by the server, then exported and checked without it. */
export async function verifyTrail({ cli, tell }: Stage, folder: string): Promise<void> {
  const { count } = await cli.json<{ count: number }>('audit', 'verify')
  const what = `audit trail: ${count} events, the chain holds`
  tell.progress(what)
  tell.story(what, cli.typed('audit', 'verify'))
  const file = join(folder, 'export.jsonl')
  await cli.run('audit', 'export', '--file', file)
  await cli.run('audit', 'verify', file)
  tell.progress('audit trail: the export holds without the server, too')
}
