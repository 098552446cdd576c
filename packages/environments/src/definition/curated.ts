import { HaganeError } from '@hagane/contract'

export interface CuratedEnvironment {
  readonly python?: string
  readonly requirements: readonly string[]
}

/** The MLflow that scripts for these environments were written for: 3 keeps models elsewhere and asks for more arguments. */
const MLFLOW = 'mlflow<3'
const inference = ['flask', 'inference-schema']
const tabular = ['pandas~=1.5.3', 'numpy~=1.22', 'scipy~=1.10', 'joblib~=1.2.0', 'matplotlib~=3.5', MLFLOW]

/**
 * Azure ML's curated environments as public packages. Source: the conda files in Azure's public asset repository; Azure's own
 * plug-ins are replaced as in azure-packages.ts, CUDA images become the wheels of the index.
 */
const table: Readonly<Record<string, CuratedEnvironment>> = {
  'sklearn-1.5': { python: '3.10', requirements: [...tabular, 'scikit-learn~=1.5.0', ...inference] },
  'sklearn-1.1': {
    python: '3.8',
    requirements: [
      'pandas~=1.3',
      'numpy~=1.21',
      'scipy~=1.7',
      'joblib~=1.2.0',
      'matplotlib~=3.5',
      MLFLOW,
      'scikit-learn~=1.1.0',
      ...inference,
    ],
  },
  'sklearn-1.0': {
    python: '3.8',
    requirements: [
      'pandas~=1.3',
      'numpy~=1.21',
      'scipy~=1.7',
      'joblib~=1.2.0',
      'matplotlib~=3.5',
      MLFLOW,
      'scikit-learn~=1.0.0',
      ...inference,
    ],
  },
  'lightgbm-3.3': {
    python: '3.10',
    requirements: [...tabular, 'scikit-learn~=1.5.1', 'xgboost~=1.7.6', 'lightgbm>=4.6', ...inference],
  },
  'tensorflow-2.16-cuda12': {
    python: '3.10',
    requirements: ['tensorflow~=2.16.1', 'pandas~=1.5.3', 'scikit-learn', 'matplotlib~=3.5', MLFLOW, ...inference],
  },
  'acpt-pytorch-2.8-cuda12.6': {
    python: '3.10',
    requirements: [
      'torch~=2.8.0',
      'torchvision~=0.23.0',
      'torchaudio~=2.8.0',
      'transformers',
      'accelerate',
      'datasets',
      'pandas',
      'scikit-learn',
      'matplotlib',
      MLFLOW,
      ...inference,
    ],
  },
  'responsibleai-tabular': {
    python: '3.10',
    requirements: ['responsibleai~=0.36.0', 'scipy<1.15', 'setuptools<81', MLFLOW, ...inference],
  },
  'minimal-py311-inference': { python: '3.11', requirements: inference },
  'minimal-py312-inference': { python: '3.12', requirements: inference },
  'mlflow-py312-inference': { python: '3.12', requirements: [MLFLOW, ...inference] },
}

/** The curated environment of this name (with or without `AzureML-`), or undefined. */
export function findCurated(name: string): { name: string; environment: CuratedEnvironment } | undefined {
  const bare = name.replace(/^AzureML-/i, '')
  // before Azure shortened them, names ended like `sklearn-1.0-ubuntu20.04-py38-cpu`
  for (const candidate of [bare, bare.replace(/-ubuntu[\d.]+-py\d+-cpu$/, '')]) {
    const environment = Object.hasOwn(table, candidate) ? table[candidate] : undefined
    if (environment !== undefined) return { name: candidate, environment }
  }
  return undefined
}

/** As findCurated, but throws not_found that lists what there is. */
export function curated(name: string): { name: string; environment: CuratedEnvironment } {
  const found = findCurated(name)
  if (found !== undefined) return found
  throw new HaganeError('not_found', `no curated environment '${name}'`, {
    hint: `these are known: ${curatedNames().join(', ')}; or write the packages into a conda_file of your own`,
    details: [{ property: 'environment', message: 'unknown curated environment', sent: name, allowed: curatedNames() }],
  })
}

export const curatedNames = (): string[] => Object.keys(table).sort()
