import type { NounEntry, VerbEntry } from './command-table.ts'

/** A bash completion script that holds every noun, verb and flag, so that completing starts no process. */
export function bashCompletion(table: readonly NounEntry[]): string {
  const cases = table.flatMap(noun => noun.verbs.map(verb => caseOf(noun, verb)))
  const verbs = table.map(noun => `    ${quoted(noun.name)}) words=${quoted(firstWords(noun))} ;;`)
  const seconds = table.flatMap(noun => secondWords(noun))
  return `# bash completion of hagane
_hagane() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local words='' flags='' at=1
  [[ \${COMP_WORDS[1]} == az && \${COMP_WORDS[2]} == ml ]] && at=3
  [[ \${COMP_WORDS[1]} == ml ]] && at=2
  local noun=\${COMP_WORDS[at]} verb=\${COMP_WORDS[at + 1]} second=\${COMP_WORDS[at + 2]}
  if ((COMP_CWORD <= at)); then
    mapfile -t COMPREPLY < <(compgen -W ${quoted(table.map(noun => noun.name).join(' '))} -- "$current")
    return
  fi
  if ((COMP_CWORD == at + 1)); then
    case $noun in
${verbs.join('\n')}
    esac
    if [[ $current != -* && -n $words ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
      return
    fi
  fi
  if ((COMP_CWORD == at + 2)); then
    case "$noun $verb" in
${seconds.join('\n')}
    esac
    if [[ -n $words ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
      return
    fi
  fi
  case "$noun $verb $second |$previous" in
${table.flatMap(noun => noun.verbs.flatMap(verb => choicesOf(noun, verb))).join('\n')}
  esac
  if [[ -n $words && $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  case "$noun $verb $second " in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _hagane hagane
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
    return `      ${quoted(`${noun.name} ${group}`)}) words=${quoted(words.join(' '))} ;;`
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
  return `    ${pattern(noun, verb)}) flags=${quoted(flags.join(' '))} ;;`
}
