import type { FlagEntry, NounEntry, VerbEntry } from './command-table.ts'

/** A fish completion script: nouns first, then the verbs of the noun, then the flags of the verb. */
export function fishCompletion(table: readonly NounEntry[]): string {
  const names = table.map(noun => noun.name).join(' ')
  const lines = table.map(noun => complete(`not __fish_seen_subcommand_from ${names}`, noun.name, noun.summary))
  for (const noun of table) for (const verb of noun.verbs) lines.push(...verbLines(noun, verb))
  return `# fish completion of hagane
function __hagane_at
    set -l words (commandline -xpc)[2..]
    contains -- "$words[1]" ml; and set -e words[1]
    test "$words[1] $words[2]" = 'az ml'; and set -e words[1..2]
    for index in (seq (count $argv))
        test "$words[$index]" = "$argv[$index]"; or return 1
    end
end
function __hagane_next
    set -l words (commandline -xpc)[2..]
    test (count $words) -eq (count $argv); and __hagane_at $argv
end
complete -c hagane -f
${lines.join('\n')}
`
}

function verbLines(noun: NounEntry, verb: VerbEntry): string[] {
  const words = verb.name.split(' ').filter(Boolean)
  const steps = words.map((word, index) => {
    const before = [noun.name, ...words.slice(0, index)].join(' ')
    return complete(`__hagane_next ${before}`, word, verb.summary)
  })
  const here = `__hagane_at ${[noun.name, ...words].join(' ')}`
  const choices = verb.choices.map(choice => complete(here, choice, ''))
  return [...steps, ...choices, ...verb.flags.map(flag => flagLine(here, flag))]
}

function flagLine(condition: string, flag: FlagEntry): string {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`
  const value = flag.takesFile ? ' -r -F' : flag.takesValue ? ' -x' : ''
  const choices = flag.choices.length === 0 ? '' : ` -a ${quoted(flag.choices.join(' '))}`
  return `complete -c hagane -n ${quoted(condition)} -l ${flag.long}${short}${value}${choices} -d ${quoted(flag.summary)}`
}

const complete = (condition: string, word: string, summary: string) =>
  `complete -c hagane -n ${quoted(condition)} -a ${word}${summary === '' ? '' : ` -d ${quoted(summary)}`}`

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
