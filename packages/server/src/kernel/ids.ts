import { randomBytes, randomInt } from 'node:crypto'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** ULID: 48 bits of epoch milliseconds, 80 random bits, in Crockford base 32; sorts by time. */
export function newUlid(now = Date.now()): string {
  let text = ''
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = crockford[rest % 32] + text
  for (const byte of randomBytes(16)) text += crockford[byte % 32]
  return text
}

/** 32 hexadecimal digits, the form of MLflow's run ids. */
export const newHexId = (): string => randomBytes(16).toString('hex')

const adjectives =
  'amber bold brave bright calm clever cool crisp deep eager fair fine fresh gentle golden good green happy honest keen kind light lively loyal merry mild neat noble proud quick quiet rapid ready royal sharp shy silver smart soft solid steady strong sunny sweet swift tender true warm wise'.split(
    ' ',
  )
const nouns =
  'anvil arrow beach bell birch bridge brook canyon cedar cloud comet coral crane delta ember falcon fern field forge fox garden grove harbor heron hill island ivory jade lake lark leaf lily maple meadow moon oak ocean otter peak pearl pine plum pond rain reef river robin sail sand sea sky snow spark star steel stone storm sun swan tide valley wave willow wind wolf'.split(
    ' ',
  )
const pick = (words: readonly string[]): string => words[randomInt(words.length)] as string

/** A job name that people can say: adjective_noun_ and ten characters of base 32, as Azure ML makes them. */
export const newJobName = (): string =>
  `${pick(adjectives)}_${pick(nouns)}_${Array.from(randomBytes(10), b => crockford[b % 32]?.toLowerCase()).join('')}`

/** MLflow's default run name: adjective-noun-number. */
export const newRunName = (): string => `${pick(adjectives)}-${pick(nouns)}-${randomInt(1000)}`
