import type { Cause, Comparison, JobReproduction, KeyChange } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { changeText } from './why-tree.ts'

const verdictWords = {
  bitwise: 'bitwise equal',
  tolerance: 'equal within tolerance',
  different: 'different',
  failed: 'could not be computed again',
} as const

/** A reproduction for people: the verdict, what is not bitwise equal, and why. */
export function drawReproduction(report: JobReproduction): string {
  const { verdict, of, job, tolerance, comparisons } = report
  const equal = comparisons.filter(one => one.verdict === 'bitwise').length
  const lines = [
    `${verdict === undefined ? report.status : verdictWords[verdict]}  ${job} against ${of}`,
    `  ${equal} of ${comparisons.length} outputs and metrics are bitwise equal (rtol ${tolerance.rtol}, atol ${tolerance.atol})`,
    ...report.changed.map(change => `  asked for: ${change}`),
    ...comparisons.filter(one => one.verdict !== 'bitwise').map(comparisonText),
    ...(report.causes.length === 0 ? [] : ['why:', ...report.causes.map(causeText)]),
    ...(report.same.length === 0 ? [] : [`the same in every step: ${report.same.join(', ')}`]),
  ]
  return `${lines.map(line => harmless(line).replaceAll('\n', ' ')).join('\n')}\n`
}

function comparisonText({ step, kind, name, verdict, detail, before, after }: Comparison): string {
  const where = step === '' ? '' : `${step}: `
  return `  ${where}${kind} ${name}: ${verdictWords[verdict]}, ${detail ?? `${before} then, ${after} now`}`
}

const causeText = ({ step, text, change }: Cause): string =>
  `  ${step === '' ? '' : `${step}: `}${text}${change === undefined ? '' : ` (${changeText(change as KeyChange)})`}`
