import { type ErrorDetail, HaganeError } from '@hagane/contract'
import type { Place } from './origins.ts'

/** One remark about a manifest: file, line, column, property, what was sent, what is allowed and what to do. */
export type Diagnostic = ErrorDetail

const placed = (detail: ErrorDetail, place: Place | undefined): ErrorDetail => ({ ...detail, ...place })

/** `job.yml:3:1: inputs.lr: expected number` */
export function diagnosticText(diagnostic: Diagnostic): string {
  const { file, line, column, property, message } = diagnostic
  const where = [file, line, column].filter(part => part !== undefined).join(':')
  return [where, property, message].filter(part => part !== undefined && part !== '').join(': ')
}

/** The refusal of one thing that cannot be read at all, e.g. a file that is not YAML. */
export function refusal(detail: ErrorDetail, place?: Place): HaganeError {
  const whole = placed(detail, place)
  const hint = whole.hint === undefined ? {} : { hint: whole.hint }
  return new HaganeError('invalid', diagnosticText(whole), { details: [whole], ...hint })
}

/** Collects what is wrong with a manifest, so that one run tells everything. */
export class Problems {
  readonly errors: ErrorDetail[] = []
  readonly warnings: Diagnostic[] = []

  error(detail: ErrorDetail, place?: Place): void {
    this.errors.push(placed(detail, place))
  }

  warn(detail: ErrorDetail, place?: Place): void {
    this.warnings.push(placed(detail, place))
  }

  /** Throws `invalid` with every error, the first one in the message. */
  throwIfAny(): void {
    const [first] = this.errors
    if (first === undefined) return
    const more = this.errors.length - 1
    const tail = more === 0 ? '' : ` (and ${more} more problem${more === 1 ? '' : 's'})`
    throw new HaganeError('invalid', `${diagnosticText(first)}${tail}`, {
      details: this.errors,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    })
  }
}
