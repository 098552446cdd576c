import type { AuditTrail, LineageNode, ServedDeployment } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'

/** A trail as people read it: what was served, what stands behind it, then what happened, in order. */
export function trailText(trail: AuditTrail): string {
  const lines = [`trail of ${trail.of.replace(':', ' ')}${trail.at === undefined ? '' : `, at ${trail.at}`}`]
  if (trail.served !== undefined) lines.push('', ...servedLines(trail))
  if (trail.facts.length > 0) lines.push('', 'made of', ...trail.facts.flatMap(factLines))
  lines.push('', 'story')
  if (trail.left_out > 0) lines.push(`  … ${trail.left_out} earlier events`)
  const widest = Math.max(0, ...trail.story.map(({ actor }) => actor.length))
  for (const { time, seq, actor, says } of trail.story)
    lines.push(`  ${time}  #${seq}  ${actor.padEnd(Math.min(32, widest))}  ${says}`)
  return `${lines.map(line => harmless(line).replaceAll('\n', ' ')).join('\n')}\n`
}

function servedLines({ served = [], decided_by: decision }: AuditTrail): string[] {
  const lines = served.length === 0 ? ['served nothing: no traffic was given to any deployment'] : ['served']
  lines.push(...served.map(servedLine))
  if (decision !== undefined)
    lines.push(`decided by ${decision.actor} at ${decision.time} (event ${decision.seq}): ${decision.says}`)
  return lines
}

function servedLine(one: ServedDeployment): string {
  const share = one.traffic > 0 ? `${one.traffic} %` : `copies of ${one.mirror_traffic} %`
  if (one.revision_id === undefined) return `  ${one.deployment}  ${share}  was not ready`
  const model = one.model === undefined ? '' : `  ${one.model}`
  return `  ${one.deployment}  ${share}${model}  revision ${one.revision_id}, since ${one.since}, deployed by ${one.deployed_by ?? 'unknown'}`
}

/** Longer values are in the JSON. */
const LONGEST = 160

function factLines({ kind, name, facts }: LineageNode): string[] {
  const { files, params, metrics, ...rest } = facts as Record<string, unknown>
  const plain = { ...rest, ...asRecord(params), ...asRecord(metrics) }
  const told = Object.entries(plain).flatMap(([key, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return value === null || text.length > LONGEST || key === 'name' ? [] : [`${key}=${text}`]
  })
  const list = Array.isArray(files) ? (files as { path: string; digest: string }[]) : []
  return [
    `  ${kind.padEnd(11)} ${name}${told.length === 0 ? '' : `  ${told.join(' ')}`}`,
    ...(kind === 'job' ? [`              logs: hagane job stream -n ${name}`] : []),
    ...list.map(({ path, digest }) => `              ${digest}  ${path}`),
  ]
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
