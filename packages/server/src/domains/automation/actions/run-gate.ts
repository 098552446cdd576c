import { type GateRunResource, parseOrThrow, runGateAction } from '@hagane/contract'
import { render, type Values } from '../expressions.ts'
import { specOf } from '../run-context.ts'
import { keyOf, type Performer } from './performer.ts'

export const gateOf = (given: unknown, values: Values, property: string) =>
  parseOrThrow(runGateAction, render(given, values, property), property)

/** A run of a gate, once by the key of the action. What it finds is a result; only a gate that cannot judge is a failure. */
export const runGate: Performer = {
  async begin(needs, { action, values, who, row, run, record }) {
    const { gate, candidate, champion } = gateOf(action.run_gate, values, `do.${row.position}.run_gate`)
    const name = await needs.gates.run(who, { gate, candidate, champion, idempotency: keyOf(run, row) })
    const result = { gate, run: name, candidate }
    await needs.db.withTransaction(who, tx => record(tx, { state: 'waiting', waits_for: `gate-run/${name}`, result }))
  },
  async ended(needs, run, row) {
    const { run: name = '' } = JSON.parse(row.result ?? '{}') as { run?: string }
    const found = await needs.gates.find(run.workspace, name)
    if (found === undefined) return { state: 'failed', error: `gate run ${name} is gone` }
    if (found.status === 'Running') return undefined
    const result = resultOf(found)
    if (found.status === 'Failed')
      return { state: 'failed', error: `gate ${found.gate} could not judge: ${found.message ?? ''}`, result }
    const isRefused = found.result !== 'pass' && specOf(run, row).run_gate?.required !== false
    return { state: 'succeeded', result, ...(isRefused ? { stop: `gate ${found.gate}: ${found.result}` } : {}) }
  },
}

const resultOf = ({ gate, name, candidate, champion, result, message, job }: GateRunResource) => ({
  ...{ gate, run: name, candidate, result: result ?? null },
  ...(champion === undefined ? {} : { champion }),
  ...(message === undefined ? {} : { message }),
  ...(job === undefined ? {} : { job }),
})
