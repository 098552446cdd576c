import { alertRoutes, alertRuleRoutes, HaganeError, silenceRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import {
  acknowledge,
  createSilence,
  pageOfAlerts,
  pageOfSilences,
  removeSilence,
  resolve,
  showAlert,
} from './alerts/service.ts'
import type { NotificationNeeds } from './needs.ts'
import { backtest } from './rules/backtest.ts'
import type { MetricSource } from './rules/metric-source.ts'
import { pageOfRules, removeRule, saveRule, showRule } from './rules/service.ts'

/** The HTTP face of alerts and silences. */
export const bindAlerts = ({ db }: Pick<NotificationNeeds, 'db'>): BoundRoute[] => [
  implement(alertRoutes.list, call => pageOfAlerts(db, call.workspace, call.query)),
  implement(alertRoutes.show, call => showAlert(db, call.workspace, call.params.id)),
  implement(alertRoutes.acknowledge, async call => {
    await acknowledge(db, call, call.params.id, call.body.comment)
    return showAlert(db, call.workspace, call.params.id)
  }),
  implement(alertRoutes.resolve, async call => {
    await resolve(db, call, call.params.id, call.body.comment)
    return showAlert(db, call.workspace, call.params.id)
  }),
  implement(silenceRoutes.create, call => createSilence(db, call, call.body)),
  implement(silenceRoutes.list, call => pageOfSilences(db, call.workspace, call.query)),
  implement(silenceRoutes.delete, async call => {
    await removeSilence(db, call, call.params.id)
    return { ok: true as const }
  }),
]

/** The HTTP face of alert rules. */
export const bindAlertRules = ({
  db,
  metric,
}: Pick<NotificationNeeds, 'db'> & { metric: MetricSource }): BoundRoute[] => [
  implement(alertRuleRoutes.create, async call => {
    await saveRule(db, call, call.body)
    return showRule(db, call.workspace, call.body.name)
  }),
  implement(alertRuleRoutes.list, call => pageOfRules(db, call.workspace, call.query)),
  implement(alertRuleRoutes.show, call => showRule(db, call.workspace, call.params.name)),
  implement(alertRuleRoutes.delete, async call => {
    await removeRule(db, call, call.params.name)
    return { ok: true as const }
  }),
  implement(alertRuleRoutes.backtest, async call => {
    const { rule, since, until } = call.body
    const period = { since: new Date(since), until: until === undefined ? db.clock.now() : new Date(until) }
    if (period.until <= period.since)
      throw new HaganeError('invalid', 'body: until: not after since', {
        details: [{ property: 'until', message: 'not after since', sent: period.until.toISOString() }],
      })
    return backtest({ db, metric }, call.workspace, { rule, ...period })
  }),
]
