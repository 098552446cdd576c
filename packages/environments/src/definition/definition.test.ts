import { describe, expect, it } from 'vitest'
import { curatedNames } from './curated.ts'
import { type Defined, define, defineCurated, plainSpec } from './definition.ts'
import { readImage } from './image.ts'

const noFiles = async () => undefined
const read = (spec: Parameters<typeof define>[0], files: Record<string, string> = {}): Promise<Defined> =>
  define(spec, async path => files[path])

describe('a definition', () => {
  it('has one digest for one content, however it is written', async () => {
    const [conda, text, pip] = await Promise.all([
      read({ image: 'any', conda_file: { dependencies: ['python=3.10', { pip: ['Six==1.17.0', 'numpy>=1.2, <2'] }] } }),
      read({
        name: 'named',
        version: '3',
        description: 'x',
        image: 'other',
        conda_file:
          'name: e\nchannels: [c]\ndependencies:\n- python=3.10\n- pip\n- pip:\n  - numpy<2,>=1.2\n  - six==1.17.0',
      }),
      read({ image: 'docker.io/python:3.10', pip_requirements: 'six==1.17.0\nnumpy<2,>=1.2\nsix==1.17.0' }),
    ])
    expect(text.digest).toBe(conda.digest)
    expect(pip.digest).toBe(conda.digest)
    expect(pip.sources).toEqual(['image', 'pip_requirements'])
  })

  it('has another digest for another Python, package, resolution or allowed hash', async () => {
    const digests = await Promise.all(
      [
        { pip_requirements: 'six' },
        { pip_requirements: 'six==1.17.0' },
        { pip_requirements: `six==1.17.0 --hash=sha256:${'a'.repeat(64)}` },
        { image: 'python:3.12', pip_requirements: 'six' },
        { resolution: 'exact' as const, pip_requirements: 'six' },
      ].map(async spec => (await read(spec)).digest),
    )
    expect(new Set(digests).size).toBe(5)
  })

  it('replaces plug-ins of Azure, keeps clients, and says so', async () => {
    const { definition, deviations } = await read({
      pip_requirements:
        'azureml-mlflow==1.34\nazureml-defaults\nazureml-core\nazureml-inference-server-http==1.4.1\nflask==2.0',
    })
    expect(definition.requirements).toEqual(['azureml-core', 'flask==2.0', 'inference-schema', 'mlflow'])
    expect(deviations).toEqual([
      'azureml-mlflow was replaced by mlflow: MLflow reaches this server by itself',
      'azureml-defaults was replaced by inference-schema: Hagane has its own scoring server',
      'azureml-inference-server-http was left out: Hagane has its own scoring server',
    ])
  })

  it('does not add a second mlflow beside the wanted one', async () => {
    expect((await read({ pip_requirements: 'azureml-mlflow\nmlflow==2.2.1' })).definition.requirements).toEqual([
      'mlflow==2.2.1',
    ])
    expect((await read({ pip_requirements: 'mlflow-skinny\nazureml-mlflow' })).definition.requirements).toEqual([
      'mlflow-skinny',
    ])
  })

  it('of nothing but an image is plain Python', async () => {
    expect((await read(plainSpec)).definition).toEqual({ requirements: [], resolution: 'compatible' })
    expect((await read({ image: 'mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04' })).digest).toBe(
      (await read(plainSpec)).digest,
    )
  })

  it('refuses what is no environment', async () => {
    await expect(read({})).rejects.toThrow('needs image, conda_file')
    await expect(read({ image: 'x', os_type: 'Windows' })).rejects.toMatchObject({ kind: 'unsupported' })
  })
})

describe('the name of an image', () => {
  it.each([
    ['python:3.8', { python: '3.8' }],
    ['library/python:3.11.4-slim', { python: '3.11.4' }],
    ['library/python:latest', {}],
    ['python', {}],
    ['python:3', {}],
    ['mcr.microsoft.com/azureml/minimal-py312-inference:latest', { python: '3.12' }],
    ['mcr.microsoft.com/azureml/mlflow-ubuntu18.04-py37-cpu-inference:20220110.v1', { python: '3.7' }],
    ['mcr.microsoft.com/azureml/curated/sklearn-1.5:12', { curated: 'sklearn-1.5' }],
    ['mcr.microsoft.com/azureml/curated/unheard-of-py39:1', { python: '3.9' }],
    ['ghcr.io/x/happy3000:1', {}],
  ])('tells the Python of %s', (image, facts) => {
    expect(readImage(image)).toEqual(facts)
  })
})

describe('a curated environment', () => {
  it('is known with and without its old prefix and suffix, by image too', async () => {
    const { digest, definition } = defineCurated('sklearn-1.5')
    expect(definition.python).toBe('3.10')
    expect(definition.requirements).toContain('scikit-learn~=1.5.0')
    expect(defineCurated('AzureML-sklearn-1.5').digest).toBe(digest)
    expect((await read({ image: 'mcr.microsoft.com/azureml/curated/sklearn-1.5:3' })).digest).toBe(digest)
    expect(defineCurated('AzureML-sklearn-1.0-ubuntu20.04-py38-cpu').sources).toEqual(['curated:sklearn-1.0'])
    expect(defineCurated('AzureML-minimal-py312-inference').definition.python).toBe('3.12')
  })

  it('that is unknown is refused with the list of known ones', () => {
    expect(() => defineCurated('sklearn-9')).toThrow("no curated environment 'sklearn-9'")
    expect(() => defineCurated('constructor')).toThrow('no curated environment')
  })

  it.each(curatedNames())('%s can be read', name => {
    expect(defineCurated(name).definition.requirements.length).toBeGreaterThan(0)
  })
})

describe('a Dockerfile', () => {
  const dockerfile = (text: string, files: Record<string, string> = {}, path = 'Dockerfile') =>
    read(
      { build: { path: 'ctx', ...(path === 'Dockerfile' ? {} : { dockerfile_path: path }) } },
      { [path]: text, ...files },
    )

  it('that installs a requirements.txt is taken as that', async () => {
    const text =
      '#FROM other\nFROM python:3.8\n\nCOPY requirements.txt .\nRUN pip install -r requirements.txt && rm requirements.txt\nCMD ["bash"]\n'
    const { definition, deviations, sources } = await dockerfile(text, {
      'requirements.txt': 'numpy==1.22\nazureml-mlflow==1.55.0\n',
    })
    expect(definition).toMatchObject({ python: '3.8', requirements: ['mlflow', 'numpy==1.22'] })
    expect(deviations).toHaveLength(1)
    expect(sources).toEqual(['build'])
  })

  it('that updates a conda environment is taken as that', async () => {
    const text =
      'FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\nCOPY conda.yaml /tmp/conda.yaml\nRUN conda env update -n amlenv --file /tmp/conda.yaml'
    const { definition } = await dockerfile(text, { 'conda.yaml': 'dependencies:\n- python=3.11\n- scipy=1.16.0\n' })
    expect(definition).toMatchObject({ python: '3.11', requirements: ['scipy==1.16.0.*'] })
  })

  it('with packages on the command line is read over continued lines, and other commands are recorded', async () => {
    const text =
      'FROM python:3.11-slim\nRUN apt-get update && \\\n    apt-get install -y gcc\nRUN python -m pip install --no-cache-dir --upgrade pip "pandas>=1,<3" \\\n  joblib -i https://packages.example.org\n'
    const { definition, deviations } = await dockerfile(text, {}, 'docker/Dockerfile.cpu')
    expect(definition.requirements).toEqual(['joblib', 'pandas<3,>=1'])
    expect(deviations.join('\n')).toMatch(/apt-get update[\s\S]*apt-get install[\s\S]*-i was dropped/)
  })

  it('without Python packages is refused with the next step', async () => {
    await expect(dockerfile('FROM rocker/tidyverse:4.0.0\nRUN R -e "install.packages(\'x\')"\n')).rejects.toMatchObject(
      { kind: 'unsupported', hint: expect.stringContaining('conda_file') },
    )
  })

  it.each([
    ['FROM python:3.8\nRUN pip install -r ../../../etc/passwd', 'not in build.path'],
    ['FROM python:3.8\nRUN pip install -r missing.txt', 'not in build.path'],
    ['FROM python:3.8\nRUN pip install -e .', 'editable'],
    ['FROM python:3.8\nRUN pip install git+https://example.org/x.git', 'URL'],
  ])('that installs from elsewhere is refused: %s', async (text, message) => {
    await expect(dockerfile(text)).rejects.toThrow(message)
  })

  it('that is not there is refused', async () => {
    await expect(define({ build: { path: 'ctx' } }, noFiles)).rejects.toThrow("no file 'Dockerfile'")
  })
})
