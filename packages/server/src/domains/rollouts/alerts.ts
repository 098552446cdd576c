import type { AlertSignal } from '@hagane/contract'
import type { RolloutRow } from './tables.ts'
import type { Alert } from './types.ts'

/** What notifications are told: trouble of an endpoint until a later rollout succeeds, and who is waited for. */
export function signalOf(row: RolloutRow, { about, state, why }: Alert): AlertSignal {
  const { name, endpoint, candidate } = row
  const shared = {
    state,
    group: `rollout/${endpoint}`,
    labels: { endpoint, deployment: candidate, rollout: name },
  }
  if (about === 'rollback')
    return {
      ...shared,
      key: `rollout/${endpoint}/rolled-back`,
      severity: 'error',
      ...(state === 'firing' ? turnedBack(row, why) : promoted(row)),
      next_command: `hagane rollout show -n ${name}`,
    }
  return {
    ...shared,
    key: `rollout/${name}/waiting`,
    severity: 'warning',
    summary: `Rollout ${name} of endpoint ${endpoint} waits for a decision: ${why}`.slice(0, 1000),
    summary_ja: `エンドポイント ${endpoint} のロールアウト ${name} は判断を待っています: ${why}`.slice(0, 1000),
    next_command: `hagane rollout show -n ${name}`,
  }
}

const turnedBack = ({ name, endpoint, candidate, stable }: RolloutRow, why: string) => ({
  summary: `Rollout ${name} of endpoint ${endpoint} turned back from ${candidate} to ${stable}: ${why}`.slice(0, 1000),
  summary_ja:
    `エンドポイント ${endpoint} のロールアウト ${name} は ${candidate} から ${stable} に戻りました: ${why}`.slice(
      0,
      1000,
    ),
})

const promoted = ({ name, endpoint, candidate, stable }: RolloutRow) => ({
  summary: `Rollout ${name} of endpoint ${endpoint} was promoted: ${candidate} took over from ${stable}`,
  summary_ja: `エンドポイント ${endpoint} のロールアウト ${name} は成功し、${candidate} が ${stable} に代わりました`,
})
