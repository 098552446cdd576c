import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { programBeside } from './serve-program.ts'

/** What a package runs on beside the machine that makes it: the image of its Dockerfile on either processor. */
const linux = ['linux/x64', 'linux/arm64']
const natives = 'bin/napi-v6'
/** The parts of the two modules that are needed to run a model; what installs them and their sources stays behind. */
const parts = ['package.json', 'README.md', 'dist']

/**
 * Writes what runs an ONNX model beside `serve.mjs`: the worker's program, and the runtime with its native library for this
 * machine and for Linux. Throws `unsupported` where the runtime is not installed.
 */
export async function writeOnnxRuntime(folder: string): Promise<void> {
  await copyFile(programBeside('gateway/dist/onnx-process.mjs'), join(folder, 'onnx-process.mjs'))
  const { runtime, common } = await installedRuntime()
  const modules = join(folder, 'node_modules')
  await copyParts(common, join(modules, 'onnxruntime-common'), parts)
  const platforms = new Set([`${process.platform}/${process.arch}`, ...linux])
  const libraries = [...platforms].map(platform => `${natives}/${platform}`)
  const own = `${natives}/${process.platform}/${process.arch}`
  if (!existsSync(join(runtime, own))) throw notInstalled(`it has no library for ${process.platform}/${process.arch}`)
  await copyParts(runtime, join(modules, 'onnxruntime-node'), [...parts, ...libraries])
}

async function installedRuntime(): Promise<{ runtime: string; common: string }> {
  try {
    const file = createRequire(import.meta.url).resolve('onnxruntime-node')
    const runtime = await packageFolder(file, 'onnxruntime-node')
    const common = createRequire(file).resolve('onnxruntime-common')
    return { runtime, common: await packageFolder(common, 'onnxruntime-common') }
  } catch (error) {
    throw notInstalled((error as Error).message)
  }
}

/** The folder of a package that holds a file; folders in it may have a package.json of their own. */
async function packageFolder(file: string, name: string): Promise<string> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')
    if (JSON.parse(text).name === name) return folder
  }
  throw new Error(`there is no package ${name} around ${file}`)
}

async function copyParts(from: string, to: string, names: readonly string[]): Promise<void> {
  const present = names.filter(name => existsSync(join(from, name)))
  const isKept = (path: string): boolean => !/\.(map|d\.ts)$/.test(path)
  for (const name of present) {
    await mkdir(dirname(join(to, name)), { recursive: true })
    await cp(join(from, name), join(to, name), { recursive: true, filter: isKept })
  }
}

const notInstalled = (why: string): HaganeError =>
  new HaganeError('unsupported', `the ONNX runtime that goes into the package is not installed here: ${why}`, {
    hint: 'npm install in the checkout of Hagane brings onnxruntime-node, which is optional',
  })
