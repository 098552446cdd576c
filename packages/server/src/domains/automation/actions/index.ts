import type { RuleActionKind } from '@hagane/contract'
import { callWebhook } from './call-webhook.ts'
import { notify } from './notify.ts'
import type { Performer } from './performer.ts'
import { runGate } from './run-gate.ts'
import { setAlias } from './set-alias.ts'
import { startRollout } from './start-rollout.ts'
import { submitJob } from './submit-job.ts'

/** How each kind of action is carried out. */
export const performers: Readonly<Record<RuleActionKind, Performer>> = {
  submit_job: submitJob,
  run_component: submitJob,
  run_gate: runGate,
  start_rollout: startRollout,
  set_alias: setAlias,
  notify,
  call_webhook: callWebhook,
}
