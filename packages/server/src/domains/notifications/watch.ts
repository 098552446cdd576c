import { alertSignal } from '@hagane/contract'
import type { Database, Tx } from '../../kernel/db/index.ts'
import { type EventRow, eventsAfter, toRecord } from '../../kernel/events/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { alertCursor, workspacesToLookAt } from './alerts/reads.ts'
import { raise, settle } from './alerts/signals.ts'
import { lockAlerts, movePast } from './alerts/store.ts'
import { type TellNeeds, tellDue } from './alerts/tell-groups.ts'
import { ruleOverEvent, ruleOverMetric, rulesOverTime } from './rules/evaluate.ts'
import { type MetricSource, windowOf } from './rules/metric-source.ts'
import { allRules, rulesDue } from './rules/reads.ts'
import { type Rule, ruleOf } from './rules/rule.ts'

const PAGE = 500
const POLL_MS = 1_000
const MEASURE_MS = 10_000

/** Another server has drawn alerts from these events already. */
class Superseded extends Error {}

export interface AlertWatch {
  start(): void
  /** Looks at once at all that was appended, and at what time brings by now. */
  poll(): Promise<void>
  stop(): Promise<void>
}

type Needs = TellNeeds & { db: Database; log: Logger; metric: MetricSource }

/**
 * Draws alerts from events. What an event leads to and the step past it are one transaction, so each is raised, resolved and told
 * once, whatever is killed and however many servers look.
 */
export function buildAlertWatch(needs: Needs): AlertWatch {
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let measuredAt = Number.NEGATIVE_INFINITY
  let stopHints = () => {}
  const poll = (): Promise<void> => {
    again = true
    running ??= (async () => {
      while (again && !stopped) {
        again = false
        await drain(needs, () => stopped)
        await overTime(needs)
        if (performance.now() - measuredAt > MEASURE_MS) {
          measuredAt = performance.now()
          await overMetrics(needs)
        }
      }
    })().finally(() => {
      running = undefined
    })
    return running
  }
  const hint = () =>
    void poll().catch(error => {
      if (!stopped) needs.log.error({ err: error }, 'drawing alerts from events failed; it will be tried again')
    })
  return {
    poll,
    start() {
      stopHints = needs.db.onEvents(hint)
      timer = setInterval(hint, POLL_MS)
      hint()
    },
    async stop() {
      stopped = true
      stopHints()
      clearInterval(timer)
      await running?.catch(() => undefined)
    },
  }
}

async function drain(needs: Needs, isStopped: () => boolean): Promise<void> {
  const { db } = needs
  for (let cursor = await alertCursor(db); !isStopped(); ) {
    const events = await eventsAfter(db, cursor, PAGE)
    const last = events.at(-1)
    if (last === undefined) return
    const rules = (await allRules(db)).map(ruleOf).filter(rule => rule.spec.is_enabled)
    try {
      for (const event of events) {
        const matters = whatMatters(rules, event)
        if (matters === undefined) continue
        await carryOut(db, cursor, event, matters)
        cursor = event.seq
      }
      if (cursor < last.seq) await pass(db, cursor, last)
      cursor = last.seq
    } catch (error) {
      if (!(error instanceof Superseded)) throw error
      cursor = await alertCursor(db)
    }
  }
}

interface Matters {
  signal: unknown
  rules: (readonly [Rule, 'counts' | 'ends'])[]
}

function whatMatters(rules: readonly Rule[], event: EventRow): Matters | undefined {
  const isAlert = /^dev\.hagane\.(alert|alert-rule|silence)\./.test(event.type)
  const signal = !isAlert && event.data.includes('"alert"') ? toRecord(event).data.alert : undefined
  const concerned = rules.flatMap(rule => {
    const what = event.seq > rule.sinceSeq ? rule.looksAt(event) : undefined
    return what === undefined ? [] : [[rule, what] as const]
  })
  return signal === undefined && concerned.length === 0 ? undefined : { signal, rules: concerned }
}

async function carryOut(db: Database, cursor: number, event: EventRow, { signal, rules }: Matters): Promise<void> {
  const who = { workspace: event.workspace, actor: 'server', correlation: event.id }
  await db.withTransaction(who, async tx => {
    await begin(tx, cursor, event.seq)
    const told = alertSignal.safeParse(signal)
    if (told.success && told.data.state === 'firing') {
      const { correlation_id: correlation } = toRecord(event).data
      const cause = { eventId: event.id, correlation: typeof correlation === 'string' ? correlation : event.id }
      await raise(tx, told.data, cause, 'firing')
    } else if (told.success) await settle(tx, told.data.key)
    for (const [rule, what] of rules) await ruleOverEvent(tx, rule, event, what)
  })
}

const pass = (db: Database, cursor: number, last: EventRow): Promise<void> =>
  db.withTransaction({ workspace: last.workspace, actor: 'server' }, tx => begin(tx, cursor, last.seq), 'relaxed')

async function begin(tx: Tx, from: number, to: number): Promise<void> {
  await lockAlerts(tx)
  if (!(await movePast(tx, from, to))) throw new Superseded()
}

async function overTime(needs: Needs): Promise<void> {
  const { db } = needs
  const now = db.clock.now().getTime()
  const due = await rulesDue(db, now)
  const rules = due.length === 0 ? [] : (await allRules(db)).filter(row => due.includes(row.id)).map(ruleOf)
  const workspaces = new Set([...(await workspacesToLookAt(db, now)), ...rules.map(rule => rule.workspace)])
  for (const workspace of workspaces) {
    const mine = rules.filter(rule => rule.workspace === workspace && rule.spec.is_enabled)
    await db.withTransaction({ workspace, actor: 'server' }, async tx => {
      await lockAlerts(tx)
      await rulesOverTime(tx, mine, tx.now.getTime())
      await tellDue(tx, needs)
    })
  }
}

/** Looks at the metrics that rules name. */
async function overMetrics({ db, log, metric }: Needs): Promise<void> {
  const rules = (await allRules(db)).map(ruleOf).filter(({ spec }) => spec.is_enabled && spec.metric !== undefined)
  for (const rule of rules) {
    const bound = rule.spec.metric
    if (bound === undefined) continue
    const asked = windowOf(bound, db.clock.now().getTime())
    const value = await metric(rule.workspace, asked).catch((error: unknown) => {
      log.warn({ err: error, rule: rule.spec.name }, 'the metric of an alert rule could not be read')
      return undefined
    })
    await db.withTransaction({ workspace: rule.workspace, actor: 'server' }, async tx => {
      await lockAlerts(tx)
      await ruleOverMetric(tx, rule, value)
    })
  }
}
