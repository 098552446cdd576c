import type { Cause, Comparison, Tolerance, Verdict } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import { compareParts } from '../why/compare-parts.ts'
import { causesOf, notDeterministic } from './causes.ts'
import { compareStep, worst } from './compare-steps.ts'
import { type Recorded, readRecord, stepsOf } from './recorded.ts'

export interface Judgement {
  verdict: Verdict
  comparisons: Comparison[]
  causes: Cause[]
  same: string[]
}

type Needs = Pick<JobNeeds, 'db' | 'blobs' | 'environments' | 'tracking'>

/** Compares a reproduction that has ended with what it reproduces, step by step, and looks for the reasons of what differs. */
export async function judge(
  needs: Needs,
  workspace: string,
  jobs: { of: string; job: string },
  tolerance: Tolerance,
): Promise<Judgement> {
  const [before, after] = [
    await readRecord(needs.db, workspace, jobs.of),
    await readRecord(needs.db, workspace, jobs.job),
  ]
  const [was, is] = [stepsOf(before), stepsOf(after)]
  const comparisons: Comparison[] = []
  const causes: Cause[] = []
  for (const [path, step] of was) {
    const again = is.get(path)
    if (again === undefined) continue
    const results = await compareStep(needs, path, step.row, again.row, tolerance)
    comparisons.push(...results)
    if (worst(results.map(result => result.verdict)) === 'bitwise') continue
    const found = await causesOf(needs, path, step, again)
    causes.push(...(found.length > 0 ? found : [notDeterministic(path)]))
  }
  const verdict = worst(comparisons.map(comparison => comparison.verdict))
  return { verdict, comparisons, causes, same: sameParts(was, is) }
}

/** Parts of the record that are equal in every step. */
function sameParts(was: Map<string, Recorded>, is: Map<string, Recorded>): string[] {
  const all = new Set<string>()
  const changed = new Set<string>()
  for (const [path, { parts }] of was) {
    const again = is.get(path)?.parts
    if (parts === undefined || again === undefined) continue
    for (const part of Object.keys(parts)) all.add(part)
    for (const { part } of compareParts(parts, again)) changed.add(groups[part] ?? part)
  }
  return [...all].filter(part => !changed.has(part)).sort()
}

/** The group of parts that one change belongs to. */
const groups: Readonly<Record<string, string>> = {
  parameter: 'inputs',
  data: 'inputs',
  variable: 'variables',
  output: 'outputs',
}
