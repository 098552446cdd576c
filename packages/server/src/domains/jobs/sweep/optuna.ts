import type { EnvironmentSpec } from '@hagane/contract'

/** The release of Optuna that Bayesian sampling is tested with. */
export const OPTUNA = 'optuna==5.0.0'

/** The environment that suggestions are made in: Hagane's own, locked and built like any other and kept for later sweeps. */
export const optunaEnvironment: EnvironmentSpec = { pip_requirements: `${OPTUNA}\n` }
