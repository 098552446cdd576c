import { z } from 'zod'
import { digestSchema, timeSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { onnxColumns } from './gateway.ts'

/** Name of the file that makes a folder a package. */
export const modelPackageFile = 'hagane-package.json'

const safePath = z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0]+$/, 'a path below the package')

/** `hagane-package.json`: what a model package serves, with what, and where it comes from. */
export const modelPackage = z
  .strictObject({
    format: z.literal(1),
    model: z.strictObject({
      id: z.string().describe('azureml:<name>:<version>, or the reference that was packaged'),
      name: z.string(),
      version: z.string(),
      type: z.enum(['mlflow_model', 'custom_model', 'onnx']),
      path: safePath.describe('of the model below the package'),
      tree: digestSchema.describe('digest of the tree that holds it in the store it came from'),
      run_id: z.string().optional(),
      columns: onnxColumns.optional(),
    }),
    code: z.strictObject({ path: safePath, scoring_script: safePath }).optional(),
    environment: z
      .strictObject({
        id: z.string().optional(),
        lock: safePath.describe('requirements with hashes'),
        lock_digest: digestSchema,
        python: z.string(),
      })
      .optional()
      .describe('absent where no Python is needed'),
    created_at: timeSchema,
    created_by: z.string().optional(),
    hagane_version: z.string(),
    files: z.record(safePath, digestSchema).describe('SHA-256 of every other file of the package'),
  })
  .meta({ id: 'ModelPackage' })
export type ModelPackage = z.output<typeof modelPackage>

/** What a package is made of, as the server resolves it: content by digest and the lock of its environment. */
export const packagedModel = z
  .object({
    state: z.enum(['building', 'ready']).describe('building: the environment is not there yet; ask again'),
    model: modelPackage.shape.model.omit({ path: true, type: true, columns: true }).extend({
      type: z.string(),
      path: z.string().describe('below the tree'),
      is_file: z.boolean(),
      onnx: z
        .object({ file: z.string().describe('below path; empty when that is it'), columns: onnxColumns.optional() })
        .optional()
        .describe('what is served without Python, unless there is code or an environment of its own'),
    }),
    environment: z
      .object({ id: z.string().optional(), lock_digest: digestSchema, python: z.string(), lock: z.string() })
      .optional()
      .describe('absent while it is built, and where the model names none'),
  })
  .meta({ id: 'PackagedModel' })
export type PackagedModel = z.output<typeof packagedModel>

export const modelPackageRoutes = {
  resolve: route({
    operationId: 'model_packages.resolve',
    method: 'POST',
    path: '/api/v1/model-packages',
    permission: 'asset.write',
    summary: 'Resolve a model and its environment to what a package holds; the environment is built first',
    body: z.strictObject({
      model: z.string().min(1).describe('azureml:<name>:<version>, models:/<name>/<version>, runs:/<id>/<path> …'),
      environment: z.string().min(1).optional().describe("instead of the model's own"),
      with_code: z.boolean().optional().describe('a scoring script goes with it, which needs the environment'),
    }),
    response: packagedModel,
  }),
}
