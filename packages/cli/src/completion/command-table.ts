import { type Flag, longName } from '../grammar/flags.ts'
import { globalFlags } from '../grammar/globals.ts'
import type { Noun, Verb } from '../invocation.ts'

/** A flag as a completion script needs it. */
export interface FlagEntry {
  readonly long: string
  readonly short: string | undefined
  readonly summary: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly takesFile: boolean
}

export interface VerbEntry {
  /** `list`, `token create`; empty for a noun that is a command by itself. */
  readonly name: string
  readonly summary: string
  readonly choices: readonly string[]
  readonly flags: readonly FlagEntry[]
}

export interface NounEntry {
  readonly name: string
  readonly summary: string
  readonly verbs: readonly VerbEntry[]
}

const upFlags = [
  'host',
  'port',
  'data',
  'database',
  'gateway-port',
  'gateway-tls-cert',
  'gateway-tls-key',
  'local-concurrency',
  'log-level',
  'config',
]

/** Every noun, verb and flag. */
export const commandTable = (nouns: readonly Noun[]): NounEntry[] => [...nouns.map(nounEntry), upEntry]

/** The server reads its own flags; these are the ones it documents. */
const upEntry: NounEntry = {
  name: 'up',
  summary: 'Start the server in this process',
  verbs: [
    {
      name: '',
      summary: 'Start the server in this process',
      choices: [],
      flags: upFlags.map(long => ({
        long,
        short: undefined,
        summary: `see hagane up --help`,
        takesValue: true,
        choices: [],
        takesFile: ['data', 'config'].includes(long),
      })),
    },
  ],
}

const nounEntry = (noun: Noun): NounEntry => ({
  name: noun.name,
  summary: noun.summary,
  verbs: noun.verbs.map(verbEntry),
})

function verbEntry(verb: Verb): VerbEntry {
  const flags = Object.values({ ...verb.flags, ...globalFlags }).filter(flag => flag.ignored !== true)
  return {
    name: verb.name,
    summary: verb.summary,
    choices: verb.argument?.choices ?? [],
    flags: [...flags.map(flagEntry), help],
  }
}

const help: FlagEntry = {
  long: 'help',
  short: 'h',
  summary: 'show help',
  takesValue: false,
  choices: [],
  takesFile: false,
}

function flagEntry(flag: Flag): FlagEntry {
  return {
    long: longName(flag),
    short: /^-([A-Za-z]),/.exec(flag.spelling)?.[1],
    summary: flag.summary,
    takesValue: flag.spelling.includes('<'),
    choices: flag.choices ?? [],
    takesFile: /<path>/.test(flag.spelling),
  }
}
