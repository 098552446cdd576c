import { z } from 'zod'

/** Names of assets, jobs, endpoints and workspaces: no slash, no NUL, no leading dot or dash, at most 255 characters. */
export const nameSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'use letters, digits, _ . - and start with a letter, digit or _')

/** A version as Azure ML takes it: YAML numbers are accepted and kept as text. */
export const versionSchema = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/, 'use letters, digits, _ . + -'),
  )

export const labelSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'use letters, digits, _ . -')

export const tagsSchema = z.record(
  z.string().max(256),
  z.union([z.string(), z.number(), z.boolean(), z.null()]).transform(v => (v === null ? '' : String(v))),
)

/** SHA-256 in lower-case hexadecimal. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest: 64 lower-case hexadecimal digits')

export const timeSchema = z.string().describe('RFC 3339 in UTC with milliseconds')

/** A path inside a tree: relative, forward slashes, no empty, `.` or `..` part, no NUL, no backslash, no drive letter. */
export const treePathSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine(isSafeTreePath, 'a relative path with forward slashes and without empty, "." or ".." parts')

export function isSafeTreePath(path: string): boolean {
  if (path.includes('\0') || path.includes('\\') || /^[A-Za-z]:/.test(path)) return false
  return path.split('/').every(part => part !== '' && part !== '.' && part !== '..')
}
