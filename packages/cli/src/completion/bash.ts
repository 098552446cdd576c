import type { NounEntry, VerbEntry } from './command-table.ts'

/**
 * A bash completion script that holds every noun, verb and flag, so that completing starts no process. It runs on the
 * bash 3.2 of macOS. Where it offers nothing, bash offers file names.
 */
export function bashCompletion(table: readonly NounEntry[]): string {
  const nouns = table.map(noun => noun.name).join(' ')
  const verbs = table.map(noun => `    ${quoted(`${noun.name} `)}) words=${quoted(firstWords(noun))} ;;`)
  const choices = table.flatMap(noun => noun.verbs.flatMap(verb => choicesOf(noun, verb)))
  const flags = table.flatMap(noun => noun.verbs.map(verb => caseOf(noun, verb)))
  return `# bash completion of hagane
_hagane() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words='' at=1
  [[ \${COMP_WORDS[1]} == az && \${COMP_WORDS[2]} == ml ]] && at=3
  [[ \${COMP_WORDS[1]} == ml ]] && at=2
  local before=("\${COMP_WORDS[@]:at:COMP_CWORD - at}")
  local all="\${COMP_WORDS[at]} \${COMP_WORDS[at + 1]} \${COMP_WORDS[at + 2]} "
  [[ \${#before[@]} == 0 ]] && words=${quoted(nouns)}
  case "\${before[*]} " in
${[...verbs, ...table.flatMap(secondWords)].join('\n')}
  esac
  case "$all|$previous" in
${choices.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$all" in
${flags.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _hagane hagane
`
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

const pattern = (noun: NounEntry, verb: VerbEntry) => `"${[noun.name, verb.name].filter(Boolean).join(' ')} "*`

function firstWords(noun: NounEntry): string {
  const words = noun.verbs.flatMap(verb => (verb.name === '' ? verb.choices : [verb.name.split(' ')[0] ?? '']))
  return [...new Set(words)].join(' ')
}

function secondWords(noun: NounEntry): string[] {
  const groups = Map.groupBy(
    noun.verbs.filter(verb => verb.name.includes(' ')),
    verb => verb.name.split(' ')[0] ?? '',
  )
  return [...groups].map(([group, verbs]) => {
    const words = verbs.map(verb => verb.name.split(' ')[1])
    return `    ${quoted(`${noun.name} ${group} `)}) words=${quoted(words.join(' '))} ;;`
  })
}

function choicesOf(noun: NounEntry, verb: VerbEntry): string[] {
  return verb.flags
    .filter(flag => flag.choices.length > 0)
    .map(flag => {
      const spellings = [`--${flag.long}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])]
      const patterns = spellings.map(spelling => `${pattern(noun, verb)}"|${spelling}"`)
      return `    ${patterns.join('|')}) words=${quoted(flag.choices.join(' '))} ;;`
    })
}

function caseOf(noun: NounEntry, verb: VerbEntry): string {
  const flags = verb.flags.flatMap(flag => [`--${flag.long}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])])
  return `    ${pattern(noun, verb)}) words=${quoted(flags.join(' '))} ;;`
}
