import type { z } from 'zod'

type Issue = z.core.$ZodIssue

const inside = (issue: Issue, path: PropertyKey[]): Issue => ({ ...issue, path: [...path, ...issue.path] })

/** How far a branch of a union is from what was meant: the wrong kind of value, the wrong `type`, then the count. */
function distance(branch: Issue[]): [number, number, number] {
  const wrongKind = branch.some(issue => issue.path.length === 0 && issue.code === 'invalid_type')
  const wrongType = branch.some(issue => issue.path.length === 1 && issue.path[0] === 'type')
  return [Number(wrongKind), Number(wrongType), branch.length]
}

const nearer = (a: Issue[], b: Issue[]): number => {
  const [x, y] = [distance(a), distance(b)]
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2]
}

/** What the branches of a union would have taken, when the value is of none of their kinds. */
function expectedKinds(branches: Issue[][]): string[] {
  const kinds = branches.flat().flatMap(issue => {
    if (issue.code === 'invalid_union') return expectedKinds(issue.errors)
    return issue.code === 'invalid_type' && issue.path.length === 0 ? [issue.expected as string] : []
  })
  return [...new Set(kinds)]
}

/**
 * Opens a failed union: answers the issues of the branch that the value was meant for, with full paths, or one
 * `invalid_type` that names every allowed kind when it fits none. Other issues are answered as they are.
 */
export function settleIssue(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const branches = issue.errors.map(branch => branch.flatMap(settleIssue))
  const [best] = [...branches].sort(nearer)
  if (best === undefined) return [issue]
  if (distance(best)[0] === 1 && branches.length > 1) {
    const expected = expectedKinds(issue.errors).join(' or ')
    return [{ code: 'invalid_type', expected, path: issue.path, message: `expected ${expected}`, input: issue.input }]
  }
  return best.map(found => inside(found, issue.path))
}
