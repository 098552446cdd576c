import { paint, type Style } from '../terminal/terminal.ts'

const jsonStyles: [RegExp, Style][] = [
  [/^"(?:[^"\\]|\\.)*"(?=\s*:)/, 'cyan'],
  [/^"(?:[^"\\]|\\.)*"/, 'green'],
  [/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, 'yellow'],
  [/^(?:true|false|null)\b/, 'magenta'],
]

/** JSON text with keys, strings, numbers and words in their own colours. */
export function colourJson(json: string): string {
  let painted = ''
  let rest = json
  while (rest !== '') {
    const [style, token] = tokenOf(rest)
    painted += style === undefined ? token : paint(style, token, true)
    rest = rest.slice(token.length)
  }
  return painted
}

function tokenOf(rest: string): [Style | undefined, string] {
  for (const [pattern, style] of jsonStyles) {
    const token = pattern.exec(rest)?.[0]
    if (token !== undefined) return [style, token]
  }
  return [undefined, /^[\s{}[\],:]+/.exec(rest)?.[0] ?? rest.charAt(0)]
}

/** YAML text with its keys in colour. */
export function colourYaml(yaml: string): string {
  return yaml.replace(/^(\s*(?:- )*)([^\s#:][^:\n]*)(?=:(?:\s|$))/gm, (_, lead: string, key: string) => {
    return `${lead}${paint('cyan', key, true)}`
  })
}
