import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderWith, writeFiles } from '../testing/files.ts'
import { newFolder } from '../testing/run-cli.ts'
import { gitState, withoutCredentials, workingDiff } from './git-state.ts'

const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main']
const git = (folder: string, ...args: string[]) =>
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe', encoding: 'utf8' }).trim()

function repository(): string {
  const folder = folderWith({ 'jobs/job.yml': 'x' })
  git(folder, 'init')
  git(folder, 'add', '.')
  git(folder, 'commit', '-m', 'first')
  return folder
}

describe('the state of git', () => {
  it('is commit, branch, remote, path and whether files differ', async () => {
    const folder = repository()
    git(folder, 'remote', 'add', 'origin', 'https://user:secret@example.com/team/repo.git')
    expect(await gitState(join(folder, 'jobs'))).toEqual({
      commit: git(folder, 'rev-parse', 'HEAD'),
      branch: 'main',
      remote: 'https://example.com/team/repo.git',
      dirty: false,
      path: 'jobs',
    })
  })

  it('is dirty with a changed or a new file', async () => {
    const folder = repository()
    writeFiles(folder, { 'new.txt': 'n' })
    expect((await gitState(folder))?.dirty).toBe(true)
  })

  it('has no branch on a bare commit, and no path at the top', async () => {
    const folder = repository()
    git(folder, 'checkout', '--detach')
    const state = await gitState(folder)
    expect(state).not.toHaveProperty('branch')
    expect(state).not.toHaveProperty('path')
  })

  it('is nothing outside a repository and before the first commit', async () => {
    expect(await gitState(newFolder())).toBeUndefined()
    const folder = newFolder()
    git(folder, 'init')
    mkdirSync(join(folder, 'x'))
    expect(await gitState(folder)).toBeUndefined()
  })
})

it('the diff is the same whatever the settings of git, so that files for secrets stay here', async () => {
  const folder = folderWith({ 'train.py': 'x = 1\n', '.env': 'A=1\n', 'geheimnis-ü.pem': 'a\n' })
  git(folder, 'init')
  git(folder, 'add', '.')
  git(folder, 'commit', '-m', 'first')
  writeFiles(folder, { 'train.py': 'x = 2\n', '.env': 'A=2\n', 'geheimnis-ü.pem': 'b\n' })
  const plain = await workingDiff(folder)
  expect(plain?.withheld.toSorted()).toEqual(['.env', 'geheimnis-ü.pem'])
  expect(plain?.text).toContain('+x = 2')
  for (const setting of ['diff.noprefix', 'diff.mnemonicPrefix', 'diff.relative'])
    git(folder, 'config', setting, 'true')
  expect(await workingDiff(folder)).toEqual(plain)
})

it.each([
  ['https://user:pass@host/a.git', 'https://host/a.git'],
  ['https://token@host/a.git', 'https://host/a.git'],
  ['https://host/a.git?private_token=x#y', 'https://host/a.git'],
  ['ssh://git@host:22/a.git', 'ssh://host:22/a.git'],
  ['git@host:team/a.git', 'git@host:team/a.git'],
  ['/srv/git/a.git', '/srv/git/a.git'],
  ['https://user:p@ss@ho st/a', 'https://ho st/a'],
])('the remote %s is kept as %s', (remote, kept) => {
  expect(withoutCredentials(remote)).toBe(kept)
})
