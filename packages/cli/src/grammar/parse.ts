import { Argument, Command, CommanderError, Option } from 'commander'
import type { Noun, Verb } from '../invocation.ts'
import { expandAbbreviations } from './abbreviations.ts'
import { type Flag, type Flags, longName } from './flags.ts'
import { type GlobalOptions, globalFlags } from './globals.ts'
import { didYouMean } from './nearest.ts'
import { optionOf, optionValues } from './options.ts'
import { UsageError } from './usage-error.ts'

/** What the command line says. `help` holds the text when help was asked for; nothing is to be run then. */
export type Parsed =
  | { kind: 'help'; text: string }
  | { kind: 'run'; verb: Verb; options: Record<string, unknown>; globals: GlobalOptions; args: string[] }

/** Reads the words after the noun. Throws UsageError when they make no sense. */
export function parse(noun: Noun, argv: readonly string[]): Parsed {
  const only = noun.verbs.find(verb => verb.name === '')
  if (only !== undefined) return parseVerb(noun, only, argv)
  const verb = noun.verbs.find(({ name }) => name === argv.slice(0, name.split(' ').length).join(' '))
  if (verb !== undefined) return parseVerb(noun, verb, argv.slice(verb.name.split(' ').length))
  const [word, next] = argv
  if (word === undefined || ['--help', '-h', 'help'].includes(next ?? word)) {
    return { kind: 'help', text: nounHelp(noun) }
  }
  throw unknownVerb(noun, word, next)
}

function unknownVerb(noun: Noun, word: string, next: string | undefined): UsageError {
  const names = noun.verbs.map(candidate => candidate.name)
  const verbs = `its verbs: ${names.join(', ')}`
  if (word.startsWith('-')) return new UsageError(`${noun.name} needs a verb before ${word}`, verbs)
  const isGroup = names.some(name => name.startsWith(`${word} `))
  const asked = isGroup && next !== undefined && !next.startsWith('-') ? `${word} ${next}` : word
  if (isGroup && asked === word) return new UsageError(`'${noun.name} ${word}' needs one more word`, verbs)
  return new UsageError(`${noun.name} has no verb '${asked}'`, didYouMean(asked, names, verbs))
}

function parseVerb(noun: Noun, verb: Verb, argv: readonly string[]): Parsed {
  const flags: Flags = { ...verb.flags, ...globalFlags }
  const command = commandOf(noun, verb, flags)
  let help = ''
  command.configureOutput({ writeOut: text => (help += text), writeErr: () => undefined })
  const known = [...Object.values(flags).map(longName), 'help']
  try {
    command.parse(expandAbbreviations(argv, known), { from: 'user' })
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    if (cause.exitCode === 0) return { kind: 'help', text: help }
    throw usageErrorOf(cause, noun, verb, known)
  }
  const options = optionValues(flags, command.opts())
  const missing = Object.entries(flags).find(([key, flag]) => flag.required && options[key] === undefined)
  if (missing !== undefined) throw missingFlag(noun, verb, missing[1])
  return {
    kind: 'run',
    verb,
    options,
    globals: options as unknown as GlobalOptions,
    args: command.args,
  }
}

const globalGroup = 'Flags of every command:'

const commandLine = (noun: Noun, verb: Verb) => ['hagane', noun.name, verb.name].filter(Boolean).join(' ')

function commandOf(noun: Noun, verb: Verb, flags: Flags): Command {
  const command = new Command(commandLine(noun, verb))
    .description([verb.summary, verb.description].filter(Boolean).join('\n\n'))
    .usage([verb.argument?.spelling, '[flags]'].filter(Boolean).join(' '))
    .addHelpOption(new Option('-h, --help', 'show this help').helpGroup(globalGroup))
    .configureHelp({ helpWidth: 110 })
    .exitOverride()
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${verb.examples.map(example => `  ${example}`).join('\n')}`)
  if (verb.argument !== undefined) {
    const argument = new Argument(verb.argument.spelling, verb.argument.summary)
    command.addArgument(verb.argument.choices === undefined ? argument : argument.choices(verb.argument.choices))
  }
  for (const [key, flag] of Object.entries(flags)) {
    command.addOption(optionOf(flag, key in globalFlags ? globalGroup : 'Flags:'))
  }
  return command
}

function missingFlag(noun: Noun, verb: Verb, flag: Flag): UsageError {
  const command = commandLine(noun, verb)
  return new UsageError(`${command} needs ${flag.spelling.replace(', ', '/')}`, `see ${command} --help`)
}

function usageErrorOf(error: CommanderError, noun: Noun, verb: Verb, known: readonly string[]): UsageError {
  const help = `see ${commandLine(noun, verb)} --help`
  const message = error.message.replace(/^error: /, '')
  const unknown = /^unknown option '--([^'=]+)/.exec(message)?.[1]
  if (unknown === undefined) return new UsageError(message, help)
  return new UsageError(message, didYouMean(unknown, known, help).replace(/(mean|or) (?=\w)/g, '$1 --'))
}

function nounHelp(noun: Noun): string {
  const width = Math.max(...noun.verbs.map(verb => verb.name.length))
  const verbs = noun.verbs.map(verb => `  ${verb.name.padEnd(width)}  ${verb.summary}`)
  const example = noun.verbs[0]?.examples[0]
  return `${noun.summary}

Usage: hagane ${noun.name} <verb> [flags]

Verbs:
${verbs.join('\n')}

Example:
  ${example ?? ''}

hagane ${noun.name} <verb> --help lists the flags of a verb.
`
}
