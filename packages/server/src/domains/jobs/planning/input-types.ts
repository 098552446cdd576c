import { dataInputTypes, HaganeError, type JobInput } from '@hagane/contract'

const isData = (type: string): boolean => (dataInputTypes as readonly string[]).includes(type)

/** What a value that is given says of its own type. A text says nothing: it may be a path, or a number in its notation. */
export function typeOf(given: JobInput | undefined): string | undefined {
  if (typeof given === 'object' && given !== null) return given.type
  if (typeof given === 'number') return Number.isInteger(given) ? 'integer' : 'number'
  return typeof given === 'boolean' ? 'boolean' : undefined
}

/**
 * How a value of one type goes into an input of another: as it is, converted as Azure ML does (told as a warning), or not
 * at all, because content is no number and a number is no content.
 */
export function fitOf(declared: string, given: string): 'same' | 'converted' | 'refused' {
  if (declared === given || (declared === 'number' && given === 'integer')) return 'same'
  if (declared === 'path' || given === 'path') return 'same'
  const text = isData(declared) ? given : declared
  return isData(declared) === isData(given) || text === 'string' ? 'converted' : 'refused'
}

function effectOf(declared: string, given: string): string {
  if (isData(given)) return isData(declared) ? 'what is given wins' : 'the step gets its path as text'
  return 'the step gets it as text'
}

/** Tells of a value whose type is not the declared one. Throws invalid when it cannot be converted. */
export function judgeType(
  property: string,
  declared: string | undefined,
  given: string | undefined,
  warn: (message: string) => void,
): void {
  if (declared === undefined || given === undefined) return
  const fit = fitOf(declared, given)
  if (fit === 'same') return
  const message = `${declared} is declared, this is ${given}`
  if (fit === 'converted') {
    warn(`${property}: ${message}; ${effectOf(declared, given)}`)
    return
  }
  throw new HaganeError('invalid', `${property}: ${message}`, {
    details: [{ property, message, sent: given, allowed: declared }],
    hint: `give a value of type ${declared}, or correct the declared type`,
  })
}
