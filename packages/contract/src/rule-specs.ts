import { z } from 'zod'
import { alertSeverities } from './alert-signals.ts'
import { durationSchema } from './core/duration.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { eventFilter } from './event-filters.ts'
import { jobInput } from './job-inputs.ts'
import { scheduleTrigger } from './schedule-triggers.ts'
import { scheduledJob } from './schedules.ts'

/** Patterns of branches, tags and paths: `*` stands for anything but a slash, `**` for anything. */
const globs = z.array(z.string().min(1).max(300)).min(1).max(50)

/** Which pushes of a repository set a rule off. With neither branches nor tags, pushes to any branch. */
export const gitTrigger = z
  .strictObject({
    repository: z.string().min(1).max(300).optional().describe('owner/name, as the sender calls it'),
    branches: globs.optional(),
    tags: globs.optional(),
    paths: globs.optional().describe('one of the changed files lies there; tags are not asked'),
  })
  .meta({ id: 'GitTrigger' })
export type GitTrigger = z.output<typeof gitTrigger>

/** What sets a rule off; of several, each does. */
export const ruleTrigger = z
  .strictObject({
    event: eventFilter.optional(),
    schedule: scheduleTrigger.optional(),
    git: gitTrigger.optional(),
  })
  .refine(on => Object.values(on).some(value => value !== undefined), 'name at least one of event, schedule and git')
export type RuleTrigger = z.output<typeof ruleTrigger>

const condition = z.string().min(1).max(4000)
const text = z.string().min(1).max(4000)
const anyText = z.union([z.string(), z.number(), z.boolean()]).transform(String)

export const runGateAction = z.strictObject({
  gate: text,
  candidate: text.describe('azureml:<model>:<version>'),
  champion: text.optional().describe("default: the gate's"),
  required: z.boolean().default(true).describe('anything but pass ends the run, without a failure'),
})
export const setAliasAction = z.strictObject({
  model: text.describe('azureml:<model>:<version>, or <model>:<version>'),
  alias: text,
})
export const notifyAction = z.strictObject({
  message: text,
  message_ja: text.optional(),
  severity: z.enum(alertSeverities).optional().describe('makes it an alert'),
  key: text.optional().describe('what is wrong; the same key is the same alert'),
  labels: z.record(z.string(), anyText).optional(),
  next_command: text.optional(),
  emails: z.array(z.string()).max(100).optional(),
})
export const callWebhookAction = z.strictObject({
  url: text.describe('https, or http'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(4000)).optional(),
  body: z.unknown().optional().describe('sent as JSON; default: the run and the event'),
})
export const runComponentAction = z.strictObject({
  component: z.union([z.string(), z.looseObject({})]).describe('path of a component YAML, or azureml:<name>:<version>'),
  inputs: z.record(z.string(), jobInput).optional(),
  compute: z.string().optional(),
  experiment_name: z.string().min(1).max(255).optional(),
  tags: tagsSchema.optional(),
})

/** What a rule can do, by the property that says it. */
export const ruleActionKinds = [
  'submit_job',
  'run_component',
  'run_gate',
  'start_rollout',
  'set_alias',
  'notify',
  'call_webhook',
] as const
export type RuleActionKind = (typeof ruleActionKinds)[number]

/** Actions that go on after they have begun, and may be waited for. */
const long: readonly string[] = ['submit_job', 'run_component', 'start_rollout']

export const ruleAction = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'use letters, digits and _, and start with a letter: conditions name it'),
    when: condition.optional().describe('CEL over event, actions, rule and run; false leaves the action out'),
    submit_job: scheduledJob.optional(),
    run_component: runComponentAction.optional(),
    run_gate: runGateAction.optional(),
    start_rollout: z.union([z.string(), z.looseObject({})]).optional(),
    set_alias: setAliasAction.optional(),
    notify: notifyAction.optional(),
    call_webhook: callWebhookAction.optional(),
    wait: z.boolean().optional().describe('for the end of a job or rollout; default true'),
    timeout: durationSchema.optional().describe('how long to wait; default: as long as it takes'),
    retry_settings: z
      .strictObject({
        max_retries: z.number().int().min(0).max(20).default(0),
        delay: durationSchema.default('30s').describe('before the first retry; doubled for each after it'),
      })
      .optional(),
    on_failure: z.enum(['stop', 'continue']).default('stop'),
  })
  .superRefine((action, context) => {
    const given = ruleActionKinds.filter(kind => action[kind] !== undefined)
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `an action does one thing: ${ruleActionKinds.join(', ')}; given: ${given.join(', ') || 'none of them'}`,
      })
    if (action.wait !== undefined && !given.some(kind => long.includes(kind)))
      context.addIssue({ code: 'custom', path: ['wait'], message: `only ${long.join(', ')} can be waited for` })
  })
  .meta({ id: 'RuleAction' })
export type RuleAction = z.output<typeof ruleAction>

/** What this action does. */
export const kindOfAction = (action: RuleAction): RuleActionKind =>
  ruleActionKinds.find(kind => action[kind] !== undefined) ?? 'notify'

const limits = {
  debounce: durationSchema.optional().describe('waits until nothing has come for so long, then acts on the last event'),
  cooldown: durationSchema.optional().describe('does not fire again before so long has passed'),
  max_per_hour: z.number().int().min(1).max(3600).optional(),
  max_depth: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('how often the rule may fire in one chain of events; more is a loop'),
}

const actionList = z
  .array(ruleAction)
  .min(1)
  .max(50)
  .superRefine((actions, context) => {
    for (const [i, { id }] of actions.entries())
      if (actions.findIndex(other => other.id === id) < i)
        context.addIssue({ code: 'custom', path: [i, 'id'], message: `two actions have the id '${id}'` })
  })

export const ruleSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema.max(200),
    display_name: z.string().max(1000).optional(),
    description: z.string().max(10_000).optional(),
    tags: tagsSchema.optional(),
    properties: tagsSchema.optional(),
    on: ruleTrigger,
    ...limits,
    is_enabled: z.boolean().default(true),
    do: actionList,
  })
  .meta({ id: 'RuleSpec' })
export type RuleSpec = z.output<typeof ruleSpec>

/** What an update of a rule may carry; what it leaves out stays. */
export const ruleChange = z.strictObject({
  display_name: z.string().max(1000).optional(),
  description: z.string().max(10_000).optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  on: ruleTrigger.optional(),
  debounce: limits.debounce.nullable(),
  cooldown: limits.cooldown.nullable(),
  max_per_hour: limits.max_per_hour.nullable(),
  max_depth: z.number().int().min(1).max(100).optional(),
  is_enabled: z.boolean().optional(),
  do: actionList.optional(),
})
export type RuleChange = z.output<typeof ruleChange>
