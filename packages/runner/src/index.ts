export { adopt } from './adopt.ts'
export { clean } from './clean.ts'
export { collect, collectArtifacts, collectOutputs } from './collect.ts'
export type { StepContainer } from './container/container-arguments.ts'
export { askEngine, type EngineAnswer } from './container/engine.ts'
export { type LogPart, readLog, tail } from './log.ts'
export { ranOutOfMemory } from './out-of-memory.ts'
export { stage } from './stage.ts'
export { start } from './start.ts'
export type {
  Adopted,
  Collected,
  CollectedOutput,
  ContentStore,
  Distribution,
  RunningStep,
  StagedStep,
  StepExit,
  StepInput,
  StepOutput,
  StepPaths,
  StepPlan,
  StoredTree,
} from './types.ts'
export { buildGpus } from './usage/machine.ts'
export { buildSampler, type Measuring, type Sampler, type UsagePoint } from './usage/sampler.ts'
export { type StepUsage, usageOf } from './usage/usage-file.ts'
