/**
 * Words that must not land. A registry host in a lock file or script breaks the install for everyone behind another
 * mirror; a path of one machine breaks it everywhere else; a focused test silently switches all others off; and a note
 * to do it later is a promise that nobody hears.
 */
import { readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path/posix'
import type { Finding } from './finding.ts'
import type { Tree } from './source-tree.ts'

interface Rule {
  readonly pattern: RegExp
  readonly problem: string
  readonly fix: string
  /** Where it counts; everywhere when not given. */
  readonly in?: RegExp
}

const code = /\.(?:ts|tsx|js|mjs|py|sh)$/

const rules: readonly Rule[] = [
  {
    pattern: /https?:\/\/[a-z0-9.-]*(?:registry|mirror|proxy|pypi|npmjs|pythonhosted)[a-z0-9.-]*/i,
    problem: 'names a package registry or mirror',
    fix: 'leave the host to the settings of the machine; for package-lock.json run npm again in this folder, .npmrc does the rest',
    in: /\.(?:ts|tsx|js|mjs|py|sh|json|ya?ml|toml|txt|npmrc|lock)$|\/run$/,
  },
  {
    pattern: /(?<![\w.$}/-])\/(?:work|root|Users|home\/(?!(?:me|you|user|[a-z])\b)[a-z]+)\/[\w.-]+/,
    problem: 'names a folder of one machine',
    fix: 'derive it from import.meta.dirname, the data folder or os.tmpdir()',
  },
  {
    pattern: /\b(?:TODO|FIXME|HACK|XXX)\b/,
    problem: 'holds a note to finish later',
    fix: 'finish it now, or leave the feature out and open an issue',
    in: code,
  },
  {
    pattern: /\b(?:it|test|describe|suite)\.(?:only|todo|skip)\(/,
    problem: 'switches tests off',
    fix: 'remove it; where a machine lacks what the test needs, use skipIf with the reason in its name',
    in: /\.test\.ts$/,
  },
  {
    pattern: /@ts-(?:ignore|nocheck|expect-error)|biome-ignore|eslint-disable/,
    problem: 'silences a check',
    fix: 'mend what the check says',
    in: code,
  },
]

const textLike = /\.(?:ts|tsx|js|mjs|py|sh|json|ya?ml|toml|txt|md|npmrc|lock|html|css)$|\/run$/

/** These name the words in order to find them. */
const exempt = new Set(['tools/check-words.ts', 'tools/check-words.test.ts', 'tools/check.test.ts'])

const LARGEST = 2_000_000

function* findingsIn(path: string, text: string, active: readonly Rule[]): Generator<Finding> {
  for (const [at, line] of text.split('\n').entries())
    for (const { pattern, problem, fix } of active) {
      const match = pattern.exec(line)
      if (match !== null) yield { file: path, line: at + 1, problem: `${problem}: ${match[0]}`, fix }
    }
}

/** Text by its ending, or a file without one, such as LICENSE. */
const isCandidate = (path: string): boolean => textLike.test(path) || extname(path) === ''

export function checkWords(tree: Tree): Finding[] {
  return tree.files
    .filter(path => isCandidate(path) && !exempt.has(path))
    .filter(path => statSync(join(tree.root, path)).size <= LARGEST)
    .flatMap(path => {
      const active = rules.filter(rule => rule.in === undefined || rule.in.test(path))
      return [...findingsIn(path, readFileSync(join(tree.root, path), 'utf8'), active)]
    })
}
