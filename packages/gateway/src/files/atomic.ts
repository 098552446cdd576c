import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/** Replaces a file as a whole: whoever reads it, also after a crash, sees the old or the new content. */
export function writeAtomic(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`
  const descriptor = openSync(temporary, 'w', mode)
  try {
    writeSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, path)
}

/** The JSON in a file, or undefined when there is no such file. */
export function readJson(path: string): unknown {
  const text = readText(path)
  return text === undefined ? undefined : JSON.parse(text)
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
