import { parseReference } from '@hagane/contract'

/** The path in a text such as `file:./train.yml`. */
export const localPath = (text: string): string => {
  const reference = parseReference(text)
  return reference.form === 'local' ? reference.path : text
}

/** True for a path of the user's machine; false for references, URLs of any scheme and texts with expressions. */
export function isLocalPath(text: string): boolean {
  const trimmed = text.trim()
  if (trimmed.includes('${{') || trimmed.startsWith('azureml:')) return false
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(trimmed) && !trimmed.startsWith('file:')) return false
  return parseReference(trimmed).form === 'local'
}

/** True where a text can be either a name or the path of a YAML file, and is a path. */
export function isYamlPath(text: string): boolean {
  return (
    isLocalPath(text) && (/^(file:|\.{0,2}[/\\]|[A-Za-z]:[/\\])/.test(text.trim()) || /\.ya?ml$/i.test(text.trim()))
  )
}
