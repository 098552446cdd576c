import type { Noun } from './invocation.ts'

/** A noun by name; its module is loaded only when it is called, which keeps the start fast. */
export interface Entry {
  readonly name: string
  readonly summary: string
  load(): Promise<{ noun: Noun }>
}

const entry = (name: string, summary: string, load: Entry['load']): Entry => ({ name, summary, load })

/** Every noun in the order in which help lists them. `up` is not here: the executable hands it to the server. */
export const catalogue: readonly Entry[] = [
  entry('job', 'Submit, watch and manage jobs', () => import('./commands/job.ts')),
  entry('data', 'Manage data assets', () => import('./commands/data.ts')),
  entry('environment', 'Manage environments', () => import('./commands/environment.ts')),
  entry('component', 'Manage components', () => import('./commands/component.ts')),
  entry('model', 'Manage models', () => import('./commands/model.ts')),
  entry('online-endpoint', 'Manage and call online endpoints', () => import('./commands/online-endpoint.ts')),
  entry(
    'online-deployment',
    'Manage the deployments of online endpoints',
    () => import('./commands/online-deployment.ts'),
  ),
  entry('batch-endpoint', 'Manage and invoke batch endpoints', () => import('./commands/batch-endpoint.ts')),
  entry(
    'batch-deployment',
    'Manage the deployments of batch endpoints',
    () => import('./commands/batch-deployment.ts'),
  ),
  entry('serve', 'Serve a model on this machine', () => import('./commands/serve.ts')),
  entry('schedule', 'Create jobs at the times of a calendar', () => import('./commands/schedule.ts')),
  entry('monitor', 'Watch what deployments collect and answer', () => import('./commands/monitor.ts')),
  entry('gate', 'Judge models before they replace the champion', () => import('./commands/gate.ts')),
  entry('rollout', 'Replace a deployment by measured steps', () => import('./commands/rollout.ts')),
  entry('rule', 'Act on events, at times and on pushes', () => import('./commands/rule.ts')),
  entry('compute', 'Manage computes', () => import('./commands/compute.ts')),
  entry('datastore', 'Where data lies', () => import('./commands/datastore.ts')),
  entry('workspace', 'Manage workspaces', () => import('./commands/workspace.ts')),
  entry('registry', 'Manage registries', () => import('./commands/registry.ts')),
  entry('access', 'Manage tokens; who am I', () => import('./commands/access.ts')),
  entry('audit', 'Read, check and export the audit trail', () => import('./commands/audit.ts')),
  entry('event', 'Read, watch and replay events', () => import('./commands/event.ts')),
  entry('alert', 'What is wrong, and who knows of it', () => import('./commands/alert.ts')),
  entry('alert-rule', 'When events become an alert', () => import('./commands/alert-rule.ts')),
  entry('silence', 'Keep alerts from being told', () => import('./commands/silence.ts')),
  entry('subscription', 'Tell others of events', () => import('./commands/subscription.ts')),
  entry('metrics', 'Requests, errors, latency, processor and memory over time', () => import('./commands/metrics.ts')),
  entry('lineage', 'What stands behind a thing, and what came of it', () => import('./commands/lineage.ts')),
  entry('config', 'Settings and where each came from', () => import('./commands/config.ts')),
  entry('status', 'What the server is doing', () => import('./commands/status.ts')),
  entry('login', 'Remember a server and a token', () => import('./commands/login.ts')),
  entry('completion', 'Print the completion script of a shell', () => import('./commands/completion.ts')),
  entry('version', 'Print the version', () => import('./commands/version.ts')),
]
