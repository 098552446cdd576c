import { HaganeError, type LineageGraph, type Recall } from '@hagane/contract'

export interface RecallNeeds {
  /** What came of a thing. Throws not_found. */
  down(workspace: string, of: string): Promise<LineageGraph>
  /** Every file of predictions of a revision. */
  predictionFiles(revisionId: string): Promise<{ segment: string; count: number; digest?: string }[]>
  /** Their records as lines. */
  predictionLines(revisionId: string): AsyncGenerator<string>
}

const HOUR_MS = 3_600_000
/** As many nodes as lineage follows. */
const MOST = 2000

type Files = Awaited<ReturnType<RecallNeeds['predictionFiles']>>

/** What a version of data touched, through everything that was made from it. Throws not_found. */
export async function recallOf(needs: RecallNeeds, workspace: string, data: string): Promise<Recall> {
  const graph = await graphOf(needs, workspace, data)
  const { nodes } = graph
  const named = (kind: string) => nodes.filter(node => node.kind === kind).map(({ name }) => name)
  const invoked = new Set(
    graph.edges
      .filter(({ from, to }) => from.startsWith('job:') && to.startsWith('deployment:'))
      .map(({ from }) => from),
  )
  const deployments = await Promise.all(placesOf(graph).map(place => withPredictions(needs, place)))
  return {
    data,
    data_from_it: named('data').filter(name => name !== data),
    jobs: named('job'),
    models: named('model'),
    batch_jobs: nodes.filter(({ id }) => invoked.has(id)).map(({ name }) => name),
    endpoints: [...new Set(deployments.map(({ endpoint }) => endpoint))],
    deployments,
    predictions: sum(deployments.map(({ predictions }) => predictions)),
    is_cut: nodes.length >= MOST,
  }
}

/** The records of all predictions that a version of data touched. Throws not_found before the first line. */
export async function recalledLines(
  needs: RecallNeeds,
  workspace: string,
  data: string,
): Promise<AsyncGenerator<string>> {
  const places = placesOf(await graphOf(needs, workspace, data))
  return linesOf(needs, places)
}

async function* linesOf(needs: RecallNeeds, places: readonly { revision_id: string }[]): AsyncGenerator<string> {
  for (const { revision_id } of places) for await (const line of needs.predictionLines(revision_id)) yield `${line}\n`
}

async function graphOf(needs: RecallNeeds, workspace: string, data: string): Promise<LineageGraph> {
  try {
    return await needs.down(workspace, `data:${data}`)
  } catch (error) {
    if (!(error instanceof HaganeError && error.kind === 'not_found')) throw error
    throw new HaganeError('not_found', `nothing is known of data '${data}' in workspace ${workspace}`, {
      hint: 'write <name>:<version>; see `hagane data list`',
    })
  }
}

interface RecalledPlace {
  endpoint: string
  deployment: string
  revision_id: string
  model?: string
}

function placesOf({ nodes, edges }: LineageGraph): RecalledPlace[] {
  return nodes.flatMap(({ id, kind }) => {
    const found = kind === 'deployment' ? /^deployment:([^/]+)\/(.+)@([^@]+)$/.exec(id) : null
    if (found === null) return []
    const [, endpoint = '', deployment = '', revision_id = ''] = found
    const model = edges.find(({ from, relation }) => from === id && relation === 'serves')?.to.slice('model:'.length)
    return [{ endpoint, deployment, revision_id, ...(model === undefined ? {} : { model }) }]
  })
}

async function withPredictions(needs: RecallNeeds, place: RecalledPlace) {
  const files = await needs.predictionFiles(place.revision_id)
  return { ...place, predictions: periodOf(files), files }
}

function periodOf(files: Files): Recall['predictions'] {
  const hours = files.map(({ segment }) => Date.parse(`${segment.slice(0, 13)}:00:00.000Z`)).sort((a, b) => a - b)
  const count = files.reduce((total, file) => total + file.count, 0)
  const [first, last] = [hours[0], hours.at(-1)]
  if (first === undefined || last === undefined) return { count }
  return { count, from: new Date(first).toISOString(), to: new Date(last + HOUR_MS).toISOString() }
}

function sum(parts: readonly Recall['predictions'][]): Recall['predictions'] {
  const [from] = parts.flatMap(part => part.from ?? []).sort()
  const to = parts
    .flatMap(part => part.to ?? [])
    .sort()
    .at(-1)
  const count = parts.reduce((total, part) => total + part.count, 0)
  return { count, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}
