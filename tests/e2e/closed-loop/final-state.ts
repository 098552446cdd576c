import {
  alertRoutes,
  auditRoutes,
  type Client,
  type EventRecord,
  endpointRoutes,
  gateRoutes,
  jobRoutes,
  modelRoutes,
  rolloutRoutes,
  ruleRoutes,
} from '@hagane/contract'

/**
 * Events whose number the kills may change: they say what happened to processes, not what the loop did. A worker or gateway that was
 * killed serves again and says so; what was collected is handed on in more, smaller files; an environment is locked and built once for a server.
 */
const ofProcesses = [
  'dev.hagane.endpoint.deployment-ready',
  'dev.hagane.endpoint.predictions-sealed',
  'dev.hagane.audit.segment-rooted',
  'dev.hagane.endpoint.data-collected',
  'dev.hagane.endpoint.feedback-received',
  'dev.hagane.endpoint.credentials-read',
  'dev.hagane.environment.built',
  'dev.hagane.environment.locked',
]

const all = { limit: 1000 }

/** Names that are made for each run, times and digests are left out, all else is compared. */
function plain(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replace(/gate-better-[0-9a-z]{10}/g, 'gate-better-…')
      .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '<id>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  // what the machine had free meanwhile is measured with each run
  const told = Object.entries(value).filter(([key]) => !key.startsWith('system/'))
  return Object.fromEntries(told.map(([key, one]) => [key, plain(one)]))
}

/** What a journey has come to: everything that a user can see of it, but for names, times and what processes did. */
export async function finalStateOf(client: Client, workspace: string, rule: string): Promise<unknown> {
  const state = {
    models: await modelsOf(client),
    ...(await servingOf(client)),
    rollout: await rolloutOf(client),
    gateRuns: await gateRunsOf(client),
    ruleRuns: await ruleRunsOf(client, rule),
    jobs: await jobsOf(client),
    alerts: (await client.call(alertRoutes.list, { query: all })).items
      .map(({ key, state, severity, times_seen }) => ({ key, state, severity, times_seen }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    events: await eventsByType(client),
  }
  return plain(JSON.parse(JSON.stringify(state).replaceAll(workspace, 'here')))
}

async function modelsOf(client: Client) {
  const { items } = await client.call(modelRoutes.versions, { params: { name: 'late' }, query: all })
  return items.map(({ version, type, labels }) => ({ version, type, labels: [...labels].sort() }))
}

async function servingOf(client: Client) {
  const params = { name: 'late' }
  const { traffic, mirror_traffic } = await client.call(endpointRoutes.show, { params })
  const { items } = await client.call(endpointRoutes.listDeployments, { params })
  const deployments = items.map(({ name, model, provisioning_state }) => ({ name, model, provisioning_state }))
  return { traffic, mirror_traffic, deployments }
}

async function rolloutOf(client: Client) {
  const params = { name: 'replace' }
  const { phase, attempt, steps, weight, mirror, before, approvals, message } = await client.call(rolloutRoutes.show, {
    params,
  })
  const { items } = await client.call(rolloutRoutes.measurements, { params, query: all })
  // how often it was waited for, and measured without end behind the steps, is a matter of time
  const counted = items.filter(item => item.phase !== 'Waiting' && item.step >= 0)
  const measured = counted.map(({ step, metric, phase: said }) => `${step} ${metric}: ${said}`).reverse()
  return { phase, attempt, steps, weight, mirror, before, approvals, message, measured }
}

async function gateRunsOf(client: Client) {
  const { items } = await client.call(gateRoutes.runs, { query: all })
  return items
    .map(({ status, result, message, candidate, champion, table }) => ({
      ...{ status, result, message, candidate, champion, table },
    }))
    .reverse()
}

async function ruleRunsOf(client: Client, name: string) {
  const { items } = await client.call(ruleRoutes.runs, { params: { name }, query: all })
  return items.map(({ number, state, error, actions }) => ({
    ...{ number, state, error },
    actions: actions.map(({ id, state: became, attempts, result, error: why }) => ({
      ...{ id, became, attempts, result, why },
    })),
  }))
}

async function jobsOf(client: Client) {
  const { items } = await client.call(jobRoutes.list, { query: all })
  return items
    .map(({ name, type, status, step, experiment_name }) => ({ name, type, status, step, experiment_name }))
    .map(job => ({ ...job, name: job.step === undefined ? job.name : '…' }))
    .map(job => JSON.stringify(plain(job)))
    .sort()
}

/** What the machine used is measured until a step has ended, also after its script has said that its run is over. */
const isOfMachine = ({ metrics }: EventRecord['data']): boolean =>
  Array.isArray(metrics) && metrics.every(name => String(name).startsWith('system/'))

async function eventsByType(client: Client): Promise<Record<string, number>> {
  const counts = new Map<string, number>()
  let cursor: string | undefined
  do {
    const page = await client.call(auditRoutes.list, { query: { ...all, ...(cursor === undefined ? {} : { cursor }) } })
    for (const { type, data } of page.items)
      if (!ofProcesses.includes(type) && !isOfMachine(data)) counts.set(type, (counts.get(type) ?? 0) + 1)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}
