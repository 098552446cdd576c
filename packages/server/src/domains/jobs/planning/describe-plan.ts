import type { PlannedJobResource } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan, OutputPlan, Plan, PlannedJob } from '../model/plan.ts'
import { inputOf } from '../resource.ts'

type Needs = Pick<JobNeeds, 'environments'>

/** A laid out job as a person reads it before it is submitted. */
export async function describePlan(needs: Needs, workspace: string, planned: PlannedJob): Promise<PlannedJobResource> {
  const { plan, step, compute, children } = planned
  const after = (key: string | undefined) => (plan.kind === 'pipeline' ? plan.nodes[key ?? '']?.after : undefined)
  const jobs: PlannedJobResource[] = []
  for (const child of children) {
    const waits = after(child.step) ?? []
    const described = await describePlan(needs, workspace, child)
    jobs.push(waits.length === 0 ? described : { ...described, after: waits })
  }
  if (plan.kind === 'sweep') {
    const trial = plan.trial.plan
    jobs.push({
      step: 'trial',
      type: 'command',
      ...(await describeCommand(needs, workspace, trial)),
      ...portsOf(trial),
    })
  }
  return {
    ...(step === undefined ? {} : { step }),
    type: plan.kind,
    ...(planned.displayName === planned.name ? {} : { display_name: planned.displayName }),
    ...(compute === undefined ? {} : { compute }),
    ...(plan.kind === 'command' ? await describeCommand(needs, workspace, plan) : {}),
    ...portsOf(plan),
    ...(jobs.length === 0 ? {} : { jobs }),
  }
}

async function describeCommand(
  needs: Needs,
  workspace: string,
  plan: CommandPlan,
): Promise<Partial<PlannedJobResource>> {
  const { id, definitionDigest, lockDigest } = await needs.environments.plan(workspace, plan.environment)
  return {
    ...(plan.component === undefined ? {} : { component: plan.component }),
    command: plan.command,
    ...(plan.code === undefined ? {} : { code: plan.code }),
    environment: {
      ...(id === undefined ? {} : { id }),
      definition: definitionDigest,
      ...(lockDigest === undefined ? {} : { lock: lockDigest }),
    },
    ...(Object.keys(plan.variables).length === 0 ? {} : { environment_variables: plan.variables }),
    ...(plan.search === undefined ? {} : { search: plan.search }),
    ...(plan.timeout === undefined ? {} : { timeout: plan.timeout }),
    reusable: plan.reusable && plan.deterministic,
  }
}

function portsOf(plan: Plan): Pick<PlannedJobResource, 'inputs' | 'outputs'> {
  const shown = ({ publish, ...output }: OutputPlan) =>
    publish === undefined ? output : { ...output, publish: `\${{parent.outputs.${publish}}}` }
  return {
    inputs: Object.fromEntries(
      Object.entries(plan.inputs).map(([name, value]) => {
        const digest = value.kind === 'content' ? { tree: value.tree, path: value.path } : undefined
        const said = inputOf(value)
        return [name, digest === undefined ? said : { ...(said as object), digest }]
      }),
    ),
    outputs: Object.fromEntries(Object.entries(plan.outputs).map(([name, output]) => [name, shown(output)])),
  }
}
