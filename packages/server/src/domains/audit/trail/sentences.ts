type Data = Record<string, unknown>

interface Told {
  readonly type: string
  readonly subject: string
  readonly data: Data
}

const record = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {})
const short = (digest: unknown): string => String(digest).slice(0, 12)
const given = (value: unknown, say: (value: unknown) => string): string =>
  value === undefined || value === null || value === '' ? '' : say(value)

function split(value: unknown): string {
  const shares = Object.entries(record(value)).filter(([, share]) => share !== 0)
  return shares.length === 0 ? 'nothing' : shares.map(([name, share]) => `${name} ${share} %`).join(', ')
}

const inputs = (value: unknown): string =>
  Object.entries(record(value))
    .map(([name, input]) => `${name}=${record(input).asset ?? record(input).value ?? short(record(input).tree)}`)
    .join(', ')

const rollout = (d: Data): string => `rollout ${d.rollout}`

/** What each event says; what is not here is told by its type. */
const sentences: Readonly<Record<string, (data: Data) => string>> = {
  'job.submitted': d =>
    `submitted ${d.type} job ${d.name}${given(record(d.git).commit, commit => ` at commit ${short(commit)}`)}${given(inputs(d.inputs), of => `, with ${of}`)}`,
  'job.starting': d =>
    `job ${d.name} began on ${d.host ?? 'a compute'}${given(d.environment_lock, lock => `, environment lock ${short(lock)}`)}`,
  'job.failed': d => `job ${d.name} failed${given(d.message ?? record(d.error).message, text => `: ${text}`)}`,
  'job.completed': d => `job ${d.name} completed${given(d.reused_from, from => `, with the results of ${from}`)}`,
  'run.finished': d => `run ${d.run_id} ended as ${d.status}, sealed as ${short(d.seal)}`,
  'run.amended': d => `run ${d.run_id} was added to after its end`,
  'data.created': d => `data ${d.name}:${d.version}${given(d.tree, tree => `, content ${short(tree)}`)}`,
  'data.profiled': d => `data ${d.name}:${d.version} was profiled${given(d.rows, rows => `: ${rows} rows`)}`,
  'environment.locked': d =>
    `environment locked as ${short(d.lock_digest)}: Python ${d.python}, ${d.packages} packages`,
  'model.version-created': d =>
    `registered model ${d.name}:${d.version}${given(d.job_name ?? d.run_id, job => ` from job ${job}`)}${given(d.tree, tree => `, files ${short(tree)}`)}`,
  'model.alias-set': d =>
    `${d.alias} of model ${d.name} is version ${d.version}${given(d.previous_version, before => ` (before: ${before})`)}`,
  'model.alias-deleted': d => `${d.alias} of model ${d.name} is no longer version ${d.version}`,
  'endpoint.traffic-changed': d =>
    `traffic of ${d.endpoint}: ${split(d.before)} → ${split(d.traffic)}${split(d.mirror_traffic) === 'nothing' ? '' : `; copies to ${split(d.mirror_traffic)}`}`,
  'endpoint.deployment-requested': d => `asked for deployment ${d.endpoint}/${d.deployment}`,
  'endpoint.deployment-revised': d =>
    `${d.endpoint}/${d.deployment} is revision ${d.revision_id}${given(d.model, model => `: ${model}`)}${given(d.environment_lock, lock => `, environment lock ${short(lock)}`)}`,
  'endpoint.deployment-ready': d => `${d.endpoint}/${d.deployment} serves revision ${d.revision_id}`,
  'endpoint.deployment-failed': d => `${d.endpoint}/${d.deployment} failed${given(d.message, text => `: ${text}`)}`,
  'endpoint.credentials-read': d => `read the keys of endpoint ${d.endpoint}`,
  'rollout.started': d => `${rollout(d)} began: ${d.endpoint}/${d.deployment} beside ${d.stable}`,
  'rollout.step': d => `${rollout(d)}, step ${Number(d.step) + 1} of ${d.of}: ${d.kind}`,
  'rollout.paused': d => `${rollout(d)} pauses: ${d.reason}${given(d.message, text => `, ${text}`)}`,
  'rollout.analysis': d => `${rollout(d)} measured ${d.metric}: ${d.outcome}${given(d.message, text => `, ${text}`)}`,
  'rollout.promoted': d => `${rollout(d)} ended well: ${d.endpoint}/${d.deployment} took over from ${d.stable}`,
  'rollout.rolled-back': d =>
    `${rollout(d)} turned back from ${d.deployment} to ${d.stable}${given(d.reason, why => `: ${why}`)}`,
  'rule.fired': d => `rule ${d.rule} fired on ${record(d.event).type} of ${record(d.event).subject} (run ${d.run})`,
  'rule.action-completed': d =>
    `rule ${d.rule}: action ${d.action} (${d.kind}) ${d.state ?? 'completed'}${given(d.error, why => `: ${why}`)}`,
  'batch.invoked': d => `invoked ${d.endpoint}/${d.deployment} as job ${d.job}`,
}

const facts = [
  'name',
  'version',
  'status',
  'result',
  'verdict',
  'outcome',
  'state',
  'step',
  'reason',
  'message',
] as const

/** One sentence in plain words about what an event says. */
export function sentenceOf({ type, subject, data }: Told): string {
  const what = type.replace(/^dev\.hagane\./, '')
  const own = sentences[what]
  if (own !== undefined) return own(data)
  const alert = record(data.alert)
  const words = what.replaceAll('.', ' ').replaceAll('-', ' ')
  const named = subject.split(/[/:@]/)
  const told = facts.flatMap(key => {
    const value = data[key]
    const isPlain = ['string', 'number', 'boolean'].includes(typeof value)
    return isPlain && !named.includes(String(value)) ? [`${key} ${String(value).slice(0, 200)}`] : []
  })
  const says = typeof alert.summary === 'string' ? [alert.summary] : told
  return `${words}: ${subject.slice(subject.indexOf('/') + 1)}${says.length === 0 ? '' : ` (${says.join(', ')})`}`
}
