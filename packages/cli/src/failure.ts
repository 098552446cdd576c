import type { ErrorDetail, HaganeError } from '@hagane/contract'
import { harmless, hasColours, paint, type Surroundings } from './terminal/terminal.ts'

export const exitCodes = { ok: 0, failure: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** Prints what went wrong on stderr and answers the exit code. A stack trace appears only with `debug`. */
export function reportFailure(error: unknown, debug: boolean, surroundings: Surroundings): number {
  const { stderr, env, cwd } = surroundings
  const colours = hasColours(stderr, env)
  const label = (text: string) => paint('dim', text, colours)
  const lines = [`${paint(['bold', 'red'], 'error:', colours)} ${harmless(messageOf(error))}`]
  const { hint, requestId } = error as Partial<HaganeError>
  for (const detail of tellingDetails(error)) {
    lines.push(`  ${harmless(detailLine(detail))}`)
    if (detail.hint !== undefined && detail.hint !== hint) lines.push(`    ${label('hint:')} ${harmless(detail.hint)}`)
  }
  if (typeof hint === 'string') lines.push(`${label('hint:')} ${harmless(hint)}`)
  if (typeof requestId === 'string') lines.push(label(`request id: ${harmless(requestId)}`))
  if (debug && error instanceof Error) lines.push(stackOf(error))
  else if (!isExpected(error)) lines.push(`${label('hint:')} run it again with --debug to see where this comes from`)
  stderr.write(`${lines.map(line => withoutFolder(line, cwd)).join('\n')}\n`)
  return exitCodeOf(error)
}

/** Files below the working folder are shown as people call them. */
export const withoutFolder = (line: string, cwd: string) => (cwd === '/' ? line : line.replaceAll(`${cwd}/`, ''))

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name
const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error
const isExpected = (error: unknown) =>
  isNamed(error, 'HaganeError') || isNamed(error, 'UsageError') || isSystemError(error)

function exitCodeOf(error: unknown): number {
  if (isNamed(error, 'UsageError')) return exitCodes.usage
  return isUnreachable(error) ? exitCodes.unreachable : exitCodes.failure
}

/** No server answered at all; a server that answers 503 is not meant. */
export function isUnreachable(error: unknown): boolean {
  return (
    isNamed(error, 'HaganeError') &&
    (error as HaganeError).kind === 'unavailable' &&
    (error as HaganeError).cause !== undefined
  )
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The details, unless the only one says no more than the message does. */
function tellingDetails(error: unknown): readonly ErrorDetail[] {
  const details = (error as Partial<HaganeError> | undefined)?.details
  if (!Array.isArray(details)) return []
  const [only, ...others] = details as ErrorDetail[]
  const saysMore =
    only?.sent !== undefined || only?.allowed !== undefined || !messageOf(error).includes(only?.message ?? '')
  return others.length > 0 || saysMore ? details : []
}

/** `job.yml:4  jobs.train.inputs  message (sent 1, allowed a number)` */
export function detailLine(detail: ErrorDetail): string {
  const place = [detail.file, detail.line, detail.column].filter(part => part !== undefined).join(':')
  const facts = [
    detail.sent === undefined
      ? ''
      : `sent ${Array.isArray(detail.sent) && detail.sent.length === 0 ? '[]' : plain(detail.sent)}`,
    detail.allowed === undefined ? '' : `allowed ${plain(detail.allowed)}`,
  ].filter(Boolean)
  const message = facts.length === 0 ? detail.message : `${detail.message} (${facts.join(', ')})`
  return [place, detail.property, message].filter(Boolean).join('  ')
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value === '' ? "''" : value
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.map(plain).join(' | ')
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
