import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { digestSchema, HaganeError, inputModes, parseOrThrow } from '@hagane/contract'
import { z } from 'zod'
import { imageIdentity } from '../container/container-arguments.ts'

const absolute = z.string().refine(isAbsolute, 'an absolute path')
const container = z.strictObject({
  engine: z.string().min(1).describe('program of the engine'),
  kind: z.enum(['docker', 'podman']),
  rootless: z.boolean(),
  image: z.string().regex(imageIdentity, 'the SHA-256 of an image that the engine has'),
  readOnly: z.array(absolute).default([]),
})

/** Everything that one attempt at one step needs, for a runner on any machine. All content is named by digest. */
const workOrder = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(255),
  folder: z.string().min(1).default('.').describe('of the attempt; relative to the work order'),
  command: z
    .string()
    .min(1)
    .describe('$' + '{{inputs.x}} and $' + '{{outputs.x}} become paths'),
  code: z.strictObject({ tree: digestSchema, path: z.string().default('') }).optional(),
  inputs: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        mode: z.enum(inputModes).default('ro_mount'),
        source: z.union([
          z.strictObject({ kind: z.literal('tree'), digest: digestSchema, path: z.string().default('') }),
          z.strictObject({ kind: z.literal('path'), path: absolute }),
        ]),
      }),
    )
    .default([]),
  outputs: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        kind: z.enum(['file', 'folder']),
        path: absolute.optional(),
        fileName: z.string().min(1).optional(),
      }),
    )
    .default([]),
  variables_file: z
    .string()
    .optional()
    .describe('JSON object of variables; it may hold secrets, so only its owner may read it (mode 600)'),
  python: z.strictObject({ prefix: absolute }).optional(),
  container: container.optional(),
  needs_own_packages: z.boolean().default(false),
  distribution: z
    .strictObject({
      type: z.enum(['pytorch', 'tensorflow', 'mpi']),
      instances: z.number().int().min(1),
      processesPerInstance: z.number().int().min(1),
      parameterServers: z.number().int().min(0),
    })
    .optional(),
  timeout_seconds: z.number().positive().optional(),
  notes: z.array(z.string()).default([]),
  store: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('server'),
      url: z.url({ protocol: /^https?$/ }),
      workspace: z.string().min(1).optional(),
      token_file: z.string().optional().describe('a file of mode 600 with the token alone'),
    }),
    z.strictObject({ kind: z.literal('folder'), path: absolute }),
  ]),
})
export type WorkOrder = z.output<typeof workOrder>

/** Reads a work order; its relative paths come out absolute. Throws invalid naming the property, not_found for no file. */
export function readWorkOrder(path: string): WorkOrder {
  const order = parseOrThrow(workOrder, readJson(path), path)
  const at = (relative: string): string => resolve(dirname(resolve(path)), relative)
  const { store, variables_file } = order
  return {
    ...order,
    folder: at(order.folder),
    ...(variables_file === undefined ? {} : { variables_file: at(variables_file) }),
    store:
      store.kind === 'server' && store.token_file !== undefined
        ? { ...store, token_file: at(store.token_file) }
        : store,
  }
}

/** The variables of a work order. Throws invalid when others may read the file. */
export function readVariables({ variables_file: path }: WorkOrder): Record<string, string> {
  if (path === undefined) return {}
  return parseOrThrow(z.record(z.string(), z.string()), secretJson(path), path)
}

/** What the parser says is left out, since it repeats what it read. */
function secretJson(path: string): unknown {
  const text = readSecret(path)
  try {
    return JSON.parse(text)
  } catch {
    throw new HaganeError('invalid', `${path} is not JSON`, { hint: 'write {"NAME": "value", …} into it' })
  }
}

/** A file that only its owner may read. Throws invalid when others may, not_found when it cannot be read. */
export function readSecret(path: string): string {
  const mode = readable(path, () => statSync(path).mode)
  if ((mode & 0o077) === 0) return readable(path, () => readFileSync(path, 'utf8'))
  throw new HaganeError('invalid', `${path} may be read by others (mode ${(mode & 0o777).toString(8)})`, {
    hint: `chmod 600 ${path}`,
    details: [{ property: path, message: 'may be read by others', allowed: 'mode 600' }],
  })
}

function readJson(path: string): unknown {
  const text = readable(path, () => readFileSync(path, 'utf8'))
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HaganeError('invalid', `no work order in ${path}: ${(cause as Error).message}`, { cause })
  }
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new HaganeError('not_found', `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
