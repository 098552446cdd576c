import { stringify } from 'yaml'

/** YAML text without folded lines. In a module of its own, so that the parser is loaded only when YAML is printed. */
export const toYaml = (value: unknown): string => stringify(value, { lineWidth: 0 })
