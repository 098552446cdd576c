import type { CommandPlan } from '../model/plan.ts'

/** The cause that the words of a command tell, and what to do about it. */
export interface Lack {
  readonly cause: 'missing_program' | 'missing_package'
  readonly message: string
  readonly hint: string
}

type Environment = Pick<CommandPlan, 'environment' | 'environmentId'>

/** What shells say of a program that is not there (127) or that may not be run (126). */
const NOT_FOUND = /(?:^|: )([^\s:]+): (?:command )?not found\s*$|env: [‘'"]?([^\s:’'"]+)[’'"]?: No such file/m
const NOT_RUN = /(?:^|: )([^\s:]+): (?:Permission denied|cannot execute.*|Exec format error.*)\s*$/m
const NO_SCRIPT = /(?:^|: )([^\s:]*\/[^\s:]*): (?:No such file or directory|not found)\s*$/m
const NO_MODULE = /^(?:[\w.]*:\s*)?ModuleNotFoundError: No module named '([\w.]+)'/m

/** Modules whose package has another name. */
const PACKAGES: Readonly<Record<string, string>> = {
  sklearn: 'scikit-learn',
  skimage: 'scikit-image',
  cv2: 'opencv-python-headless',
  yaml: 'PyYAML',
  PIL: 'Pillow',
  bs4: 'beautifulsoup4',
  dotenv: 'python-dotenv',
  dateutil: 'python-dateutil',
  azureml: 'azureml-core',
}

function nameOf({ environment, environmentId }: Environment): string {
  if (environmentId !== undefined) return `the environment ${environmentId}`
  if (typeof environment === 'string') return `the environment ${environment}`
  return environment === null ? 'the default environment' : 'the environment of this step'
}

/** Where packages of an environment are listed. */
function listOf({ environment }: Environment, what = 'it'): string {
  if (environment === null) return `give the step an environment whose conda_file lists ${what}`
  if (typeof environment === 'string') return `add ${what} to the conda_file of a new version of that environment`
  if (environment.pip_requirements !== undefined) return `add ${what} to its pip_requirements`
  return environment.build === undefined
    ? `add ${what} to its conda_file`
    : `add ${what} to the files that its build uses`
}

/** What a command lacked that did not find a program (127), could not run it (126) or could not import a module. */
export function lackOf(code: number, words: string, environment: Environment): Lack | undefined {
  const name = nameOf(environment)
  const module = NO_MODULE.exec(words)?.[1]
  if (code !== 0 && module !== undefined) {
    const top = module.split('.', 1)[0] ?? module
    const wanted = PACKAGES[top] ?? top
    const own = `if ${top} is a module of yours, put it beside the script in code:`
    return {
      cause: 'missing_package',
      message: `Python found no module '${module}' in ${name}`,
      hint: `${listOf(environment, wanted)}; ${own}`,
    }
  }
  if (code === 127) return missingProgram(words, name, environment)
  const file = code === 126 ? NOT_RUN.exec(words)?.[1] : undefined
  if (file === undefined) return undefined
  return {
    cause: 'missing_program',
    message: `'${file}' was found but cannot be run in ${name}`,
    hint: `name its interpreter (sh ${file}, python ${file}), or make it executable for this machine: chmod +x`,
  }
}

function missingProgram(words: string, name: string, environment: Environment): Lack | undefined {
  const script = NO_SCRIPT.exec(words)?.[1]
  if (script !== undefined)
    return {
      cause: 'missing_program',
      message: `there is no program '${script}' for this step`,
      hint: 'paths are relative to the folder of code:; a script needs the interpreter that its first line names',
    }
  const found = NOT_FOUND.exec(words)
  const program = found?.[1] ?? found?.[2]
  if (program === undefined) return undefined
  return {
    cause: 'missing_program',
    message: `'${program}' was not found: neither ${name} nor this machine has that program`,
    hint: `install ${program} on this machine, or, where a package brings it, ${listOf(environment)}`,
  }
}
