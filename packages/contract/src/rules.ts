import { z } from 'zod'
import { creationContext } from './assets.ts'
import { described } from './core/described.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { gitState } from './jobs.ts'
import { ruleActionKinds, ruleChange, ruleSpec } from './rule-specs.ts'

export const ruleRunStates = ['running', 'completed', 'failed', 'canceled', 'skipped'] as const
export type RuleRunState = (typeof ruleRunStates)[number]
export const ruleActionStates = ['pending', 'waiting', 'succeeded', 'failed', 'skipped'] as const
export type RuleActionState = (typeof ruleActionStates)[number]
/** Why a rule that was set off did not fire. */
export const ruleSkipReasons = ['cooldown', 'max_per_hour', 'loop'] as const
export type RuleSkipReason = (typeof ruleSkipReasons)[number]

const json = z.record(z.string(), z.unknown())

export const ruleResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    ...described,
    on: json,
    debounce: z.string().optional(),
    cooldown: z.string().optional(),
    max_per_hour: z.number().int().optional(),
    max_depth: z.number().int(),
    is_enabled: z.boolean(),
    do: z.array(json).describe('the actions, jobs in full'),
    next_time: timeSchema.optional().describe('of its schedule'),
    pending: z
      .object({ events: z.number().int(), until: timeSchema })
      .optional()
      .describe('events that debounce holds back'),
    hook: z.string().optional().describe('where a git host sends its pushes'),
    last_run: z.object({ number: z.number().int(), state: z.enum(ruleRunStates), time: timeSchema }).optional(),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Rule' })
export type RuleResource = z.output<typeof ruleResource>

export const ruleRunAction = z
  .object({
    id: z.string(),
    kind: z.enum(ruleActionKinds),
    state: z.enum(ruleActionStates),
    attempts: z.number().int(),
    waits_for: z.string().optional().describe('subject of the events that end it, e.g. job/train-3'),
    result: json.optional(),
    error: z.string().optional(),
    reason: z.string().optional().describe('why it was left out'),
    start_time: timeSchema.optional(),
    end_time: timeSchema.optional(),
  })
  .meta({ id: 'RuleRunAction' })
export type RuleRunAction = z.output<typeof ruleRunAction>

export const ruleRun = z
  .object({
    rule: nameSchema,
    number: z.number().int(),
    state: z.enum(ruleRunStates),
    reason: z.enum(ruleSkipReasons).optional().describe('why it was skipped'),
    message: z.string().optional(),
    events: z
      .number()
      .int()
      .describe('how many events it stands for: those that debounce held back, or that were skipped'),
    event: z.object({ seq: z.number().int(), id: z.string(), type: z.string(), subject: z.string() }),
    correlation_id: z.string(),
    error: z.string().optional(),
    start_time: timeSchema,
    end_time: timeSchema.optional(),
    actions: z.array(ruleRunAction),
  })
  .meta({ id: 'RuleRun' })
export type RuleRun = z.output<typeof ruleRun>

/** Something that must hold for a rule to fire, and whether it does. */
export const ruleCheck = z.object({ what: z.string(), holds: z.boolean(), detail: z.string() })
export type RuleCheck = z.output<typeof ruleCheck>

/** What a rule would do on an event. */
export const ruleTest = z
  .object({
    rule: nameSchema,
    event: z.object({ seq: z.number().int(), id: z.string(), type: z.string(), subject: z.string() }),
    fires: z.boolean(),
    checks: z.array(ruleCheck),
    actions: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(ruleActionKinds),
        verdict: z.enum(['runs', 'left-out', 'refused', 'depends']),
        detail: z.string().optional().describe('why it is left out or refused, or on what it depends'),
        rendered: z.unknown().optional(),
      }),
    ),
  })
  .meta({ id: 'RuleTest' })
export type RuleTest = z.output<typeof ruleTest>

const submission = { git: gitState.optional(), default_experiment_name: z.string().max(255).optional() }
const params = z.object({ name: nameSchema })
const runParams = z.object({ name: nameSchema, number: z.coerce.number().int().min(1) })
const base = '/api/v1/rules'
const eventRef = z.string().min(1).max(64).describe('id or sequence number of an event')

export const ruleRoutes = {
  create: route({
    operationId: 'rules.create',
    method: 'POST',
    path: base,
    permission: 'automation.write',
    summary: 'Create a rule, or replace the one of this name',
    body: z.strictObject({ rule: ruleSpec, ...submission }),
    response: ruleResource,
    status: 201,
  }),
  list: route({
    operationId: 'rules.list',
    method: 'GET',
    path: base,
    permission: 'automation.read',
    summary: 'List rules by name',
    query: z.object(pageQuery),
    response: pageOf(ruleResource),
  }),
  show: route({
    operationId: 'rules.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'automation.read',
    summary: 'Show a rule',
    params,
    response: ruleResource,
  }),
  update: route({
    operationId: 'rules.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'automation.write',
    summary: 'Change a rule, enable or disable it',
    params,
    body: ruleChange,
    response: ruleResource,
  }),
  delete: route({
    operationId: 'rules.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'automation.write',
    summary: 'Delete a rule and the record of its runs; what they started goes on',
    params,
    response: ok,
  }),
  secret: route({
    operationId: 'rules.secret',
    method: 'POST',
    path: `${base}/:name/secret`,
    permission: 'automation.write',
    summary: 'Set the secret by which a git host signs its pushes, or make a new one; shown this once',
    params,
    body: z.strictObject({ secret: z.string().min(16).max(200).optional() }),
    response: z.object({ url: z.string(), secret: z.string() }),
  }),
  trigger: route({
    operationId: 'rules.trigger',
    method: 'POST',
    path: `${base}/:name/trigger`,
    permission: 'automation.write',
    summary: 'Fire a rule now, whatever its filters and limits say; also a disabled one',
    params,
    body: z.strictObject({ event: eventRef.optional(), data: json.optional() }),
    response: ruleRun,
    status: 201,
    idempotent: true,
  }),
  test: route({
    operationId: 'rules.test',
    method: 'GET',
    path: `${base}/:name/test`,
    permission: 'automation.read',
    summary: 'What a rule would do on an event, without doing it',
    params,
    query: z.object({ event: eventRef }),
    response: ruleTest,
  }),
  runs: route({
    operationId: 'rules.runs',
    method: 'GET',
    path: `${base}/:name/runs`,
    permission: 'automation.read',
    summary: 'The runs of a rule, newest first',
    params,
    query: z.object(pageQuery),
    response: pageOf(ruleRun),
  }),
  run: route({
    operationId: 'rules.run',
    method: 'GET',
    path: `${base}/:name/runs/:number`,
    permission: 'automation.read',
    summary: 'Show a run of a rule with its actions',
    params: runParams,
    response: ruleRun,
  }),
  cancel: route({
    operationId: 'rules.cancel',
    method: 'POST',
    path: `${base}/:name/runs/:number/cancel`,
    permission: 'automation.write',
    summary: 'End a run: actions that have not begun are left out, what has begun goes on',
    params: runParams,
    response: ruleRun,
  }),
}

export const gitHookRoutes = {
  push: route({
    operationId: 'hooks.git',
    method: 'POST',
    path: '/api/v1/hooks/git/:name',
    permission: 'public',
    summary: 'Receive a push from a git host, signed with the secret of the rule',
    params,
    body: 'stream',
    bodyLimit: 5 * 2 ** 20,
    response: z.object({ ok: z.literal(true), event: z.enum(['push', 'ping', 'seen-before', 'other']) }),
    status: 202,
  }),
}
