import type { Cause, KeyChange } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan } from '../model/plan.ts'
import { compareParts } from '../why/compare-parts.ts'
import { detailsOf } from '../why/details.ts'
import type { Recorded } from './recorded.ts'

type Needs = Pick<JobNeeds, 'db' | 'blobs' | 'environments'>

/** What in the records of a step and of its reproduction is not the same, and so can be why the results are not. */
export async function causesOf(needs: Needs, step: string, before: Recorded, after: Recorded): Promise<Cause[]> {
  const causes: Cause[] = []
  if (before.parts !== undefined && after.parts !== undefined && before.decided && after.decided) {
    for (const change of compareParts(before.parts, after.parts)) {
      const details = await detailsOf(needs, before.row.workspace, change, before.decided, after.decided)
      causes.push(ofChange(step, details))
    }
    causes.push(...ofHosts(step, hostOf(before), hostOf(after)))
  } else if (before.decided === undefined) causes.push(unknown(step, before))
  causes.push(...ofAddresses(step, before.plan as CommandPlan))
  return causes
}

const unknown = (step: string, { row }: Recorded): Cause => ({
  step,
  kind: 'unrecorded',
  text: `nothing was recorded of ${row.name}: it never began, or ran under an older release`,
})

function ofChange(step: string, change: KeyChange): Cause {
  const named = [change.part, change.name].filter(part => part !== undefined).join(' ')
  if (change.caused_by !== undefined)
    return {
      step,
      kind: 'upstream',
      text: `${named} is what step ${change.caused_by.step} made, and that is not the same`,
      change,
    }
  return { step, kind: change.part, text: `${named} is not the same`, change }
}

type HostFacts = Readonly<Record<string, unknown>>
const hostOf = ({ decided }: Recorded): HostFacts | undefined =>
  decided?.host === null || decided?.host === undefined ? undefined : (JSON.parse(decided.host) as HostFacts)

/** The machine: processor, cores, devices and system; the amount of memory changes no result. */
function ofHosts(step: string, before: HostFacts | undefined, after: HostFacts | undefined): Cause[] {
  if (before === undefined || after === undefined) return []
  return ['cpu', 'cores', 'gpus', 'os']
    .filter(fact => JSON.stringify(before[fact]) !== JSON.stringify(after[fact]))
    .map(fact => ({
      step,
      kind: 'host',
      text: `the machine: ${fact} was ${valueText(before[fact])} and is ${valueText(after[fact])}`,
    }))
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** An address is handed to the command as it is, so what stands behind it may have changed without anybody here knowing. */
const ofAddresses = (step: string, plan: CommandPlan): Cause[] =>
  Object.entries(plan.inputs).flatMap(([name, input]) =>
    input.kind === 'address'
      ? [
          {
            step,
            kind: 'address',
            text: `${name} is read by the command itself from ${input.uri}, whose content is not recorded`,
          },
        ]
      : [],
  )

/** Said when the records do not differ at all. */
export const notDeterministic = (step: string): Cause => ({
  step,
  kind: 'not-deterministic',
  text: 'nothing that is recorded differs: the command itself does not give the same twice (threads, random numbers without a seed, the time, or something it reads that is no input)',
})
