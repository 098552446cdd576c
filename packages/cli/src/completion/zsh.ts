import type { FlagEntry, NounEntry, VerbEntry } from './command-table.ts'

/** A zsh completion script; also works when it is sourced, after compinit. */
export function zshCompletion(table: readonly NounEntry[]): string {
  const nouns = table.map(noun => `    ${described(noun.name, noun.summary)}`)
  return `#compdef hagane
# zsh completion of hagane
_hagane() {
  local -a nouns verbs
  nouns=(
${nouns.join('\n')}
  )
  if [[ $words[2] == az && $words[3] == ml ]]; then
    words[2,3]=(); ((CURRENT -= 2))
  elif [[ $words[2] == ml ]]; then
    words[2,2]=(); ((CURRENT -= 1))
  fi
  if ((CURRENT == 2)); then
    _describe 'noun' nouns
    return
  fi
  case $words[2] in
${table.map(nounCase).join('\n')}
  esac
}
if (( $+functions[compdef] )); then compdef _hagane hagane; fi
`
}

function nounCase(noun: NounEntry): string {
  const own = noun.verbs.find(verb => verb.name === '')
  if (own !== undefined)
    return `    ${noun.name})\n      shift words; ((CURRENT--))\n${argumentsOf(own, '      ')}\n      ;;`
  const verbs = noun.verbs.map(verb => `        ${described(verb.name.replace(' ', '\\ '), verb.summary)}`)
  return `    ${noun.name})
      verbs=(
${verbs.join('\n')}
      )
      if ((CURRENT == 3)); then
        _describe 'verb' verbs
        return
      fi
      case "$words[3] $words[4]" in
${noun.verbs.map(verbCase).join('\n')}
      esac
      ;;`
}

function verbCase(verb: VerbEntry): string {
  const words = verb.name.split(' ').length
  return `        ${quoted(verb.name)}*)
          shift ${words + 1} words; ((CURRENT -= ${words + 1}))
${argumentsOf(verb, '          ')}
          ;;`
}

function argumentsOf(verb: VerbEntry, indent: string): string {
  const flags = verb.flags.flatMap(flagSpecs).map(spec => `${indent}  ${quoted(spec)}`)
  const rest = verb.choices.length === 0 ? [] : [`${indent}  ${quoted(`1:value:(${verb.choices.join(' ')})`)}`]
  return `${indent}_arguments \\\n${[...flags, ...rest].join(' \\\n')}`
}

function flagSpecs(flag: FlagEntry): string[] {
  const value = flag.takesFile
    ? ':path:_files'
    : flag.choices.length > 0
      ? `:value:(${flag.choices.join(' ')})`
      : ':value:'
  const tail = `[${flag.summary.replaceAll(/[[\]\\:]/g, '\\$&')}]${flag.takesValue ? value : ''}`
  const spellings = [`--${flag.long}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])]
  return spellings.map(spelling => `*${spelling}${tail}`)
}

const described = (name: string, summary: string) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`)
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
