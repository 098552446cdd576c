import { type Manifest, texts } from './inventory.ts'
import type { Mirror } from './mirror.ts'
import { onlineScripts } from './online-scripts.ts'

type Mapping = Record<string, unknown>

/** What the content of a manifest, or of one it refers to, says about itself. The first that applies is told. */
const rules: readonly [reason: string, applies: (manifest: Manifest) => boolean][] = [
  [
    'fine-tuning and distillation are services of Azure',
    is(/(finetuning|distillation)Job/i, /^(finetuning|distillation)$/),
  ],
  ['AutoML is a service of Azure', is(/autoMLJob/i, /^automl$/)],
  ['needs Spark, which is a Java machine and no Python package', is(/spark(Job|Component)/i, /^spark$/)],
  [
    'has a language model of Azure OpenAI judge answers',
    ({ text }) => /^\s+type: generation_safety_quality$/m.test(text),
  ],
  ['imports from a database or bucket that is not there', manifest => 'import_data' in manifest.root],
  ['asks for the identity of an Azure user', manifest => manifest.closure.some(root => 'identity' in root)],
  ['names assets of a registry of Azure', says(/^azureml:\/\/registries\/(?!azureml\/environments\/)/)],
  [
    'holds placeholders to be filled in',
    manifest => !isFilledIn(manifest) && says(/<[A-Za-z][\w .-]*>|\baccount-name\b/)(manifest),
  ],
  ['is a template to be filled in', manifest => /(?<!\$)\{\{/.test(manifest.text) && !isFilledIn(manifest)],
  ['the program downloads from the internet at run time', commandSays(/\b(wget|curl|git clone)\b/)],
]

/** A script of theirs puts its values in. */
const isFilledIn = ({ path }: Manifest): boolean => Object.hasOwn(onlineScripts, path)

/** What only its program shows: found by reading it, so listed by folder or file with the reason. */
const programs: readonly [pattern: RegExp, reason: string][] = [
  [/^jobs\/deepspeed\//, 'needs GPUs (DeepSpeed)'],
  [/^jobs\/nebulaml\//, 'needs GPUs (Nebula checkpoints)'],
  [/gpu_perf\//, 'measures GPUs'],
  [
    /image_classification_with_densenet|tensorflow-image-segmentation|\/cifar-10/,
    'downloads images and trains on GPUs',
  ],
  [/rai_|responsible-ai\//, 'needs components of Azure’s responsible AI registry'],
  [/^foundation-models\//, 'needs foundation models of Azure’s registries'],
  [/mnist-classifier\/deployment-/, 'its images are a file of Git LFS, of which the checkout has the address only'],
  [/batch\/.*(imagenet|text-summarization).*deployment/, 'its model is downloaded from the internet'],
  [/batch\/.*openai-embeddings.*deployment/, 'asks a service of OpenAI'],
  [
    /tensorflow\/mnist|mnist-distributed|pytorch\/(cifar|word)|3a_mnist|mnist-batch-identification/,
    'the program downloads its data set from the internet',
  ],
  [/dask\/nyctaxi/, 'reads 24 GB of public data'],
  [/\/custom-container\//, 'needs the image of a container registry'],
  [/online\/triton\//, 'needs the Triton server of its image'],
  [/managed\/vnet\//, 'its image is built first and pushed to a registry of Azure'],
  [/managed\/(keyvault|managed-identities)\//, 'asks for secrets or storage with an identity of Azure'],
  [/deploy-with-packages\/[\w-]+\/deployment\.yml/, 'its environment is a package that a service of Azure builds'],
  [/hello-interactive/, 'keeps an interactive session open until somebody ends it'],
]

/** The reason why a file is not run at all, whoever would run it, or undefined: then it is ours to run. */
export function outside(manifest: Manifest, mirror: Mirror): string | undefined {
  if (manifest.absent.length > 0) return `the checkout lacks ${manifest.absent[0]}`
  const program = programs.find(([pattern]) => pattern.test(manifest.path))?.[1]
  return rules.find(([, applies]) => applies(manifest))?.[0] ?? program ?? unreachable(manifest, mirror)
}

/** An address that is read and neither on this machine nor in the mirror. */
function unreachable({ closure }: Manifest, mirror: Mirror): string | undefined {
  for (const root of closure)
    for (const [key, text] of texts({ path: root.path, inputs: root.inputs, jobs: root.jobs }))
      if (key !== 'command' && /^(https?|wasbs?|abfss?):\/\//.test(text) && !mirror.holds(text))
        return `reads ${text}, which is not mirrored`
  return undefined
}

/** Some part has a schema of this name, or a `type` of this name. */
function is(schema: RegExp, type: RegExp): (manifest: Manifest) => boolean {
  return ({ closure }) => closure.some(root => schema.test(String(root.$schema ?? '')) || hasType(root, type))
}

function hasType(root: Mapping, type: RegExp): boolean {
  const jobs = Object.values((root.jobs ?? {}) as Mapping) as (Mapping | null)[]
  return [root, ...jobs].some(part => typeof part?.type === 'string' && type.test(part.type))
}

function says(pattern: RegExp): (manifest: Manifest) => boolean {
  return ({ closure }) =>
    closure.some(root =>
      [...texts(root)].some(([key, text]) => !['description', 'command'].includes(key) && pattern.test(text)),
    )
}

function commandSays(pattern: RegExp): (manifest: Manifest) => boolean {
  return ({ closure }) =>
    closure.some(root => [...texts(root)].some(([key, text]) => key === 'command' && pattern.test(text)))
}
