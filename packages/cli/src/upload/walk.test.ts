import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderWith, writeFiles } from '../testing/files.ts'
import { newFolder } from '../testing/run-cli.ts'
import { listFiles } from './walk.ts'

const paths = (folder: string, kind: 'code' | 'data' = 'data') => listFiles(folder, kind).map(file => file.path)

describe('listing files', () => {
  it('is sorted, whatever the file system says', () => {
    expect(paths(folderWith({ 'b.txt': '', 'a/z': '', 'a.txt': '', B: '' }))).toEqual(['B', 'a.txt', 'a/z', 'b.txt'])
  })

  it('takes a single file under its own name', () => {
    const folder = folderWith({ 'x.csv': '1' })
    expect(listFiles(join(folder, 'x.csv'), 'data')).toMatchObject([{ path: 'x.csv', file: join(folder, 'x.csv') }])
  })

  it('names what is missing', () => {
    expect(() => listFiles('/no/such/place', 'data')).toThrow('no such file or folder: /no/such/place')
  })
})

describe('ignore rules', () => {
  const files = { '.gitignore': '*.log', 'a.py': '', 'a.log': '', '__pycache__/x.pyc': '', '.git/HEAD': '' }

  it('of .gitignore are obeyed for code, and caches and .git never belong to it', () => {
    expect(paths(folderWith(files), 'code')).toEqual(['.gitignore', 'a.py'])
  })

  it('of .amlignore win over .gitignore', () => {
    expect(paths(folderWith({ ...files, '.amlignore': 'a.py' }), 'code')).toEqual(['.gitignore', 'a.log'])
  })

  it('mean nothing for data', () => {
    expect(paths(folderWith(files))).toHaveLength(5)
  })

  it('can take a file back out of an excluded folder', () => {
    const folder = folderWith({ '.amlignore': 'data\n!data/keep.txt', 'data/keep.txt': '', 'data/big.bin': '', x: '' })
    expect(paths(folder, 'code')).toEqual(['data/keep.txt', 'x'])
  })
})

describe('symbolic links', () => {
  it('to files and folders inside are followed', () => {
    const folder = folderWith({ 'real/a.txt': 'a' })
    symlinkSync('real', join(folder, 'again'))
    symlinkSync('real/a.txt', join(folder, 'one.txt'))
    expect(paths(folder)).toEqual(['again/a.txt', 'one.txt', 'real/a.txt'])
  })

  it('out of the folder are refused by name, also to a sibling whose name begins the same', () => {
    const folder = folderWith({ 'data/a.txt': 'a', 'data-secret/b.txt': 'b' })
    symlinkSync('../data-secret', join(folder, 'data', 'out'))
    expect(() => paths(join(folder, 'data'))).toThrow(/symbolic link .*\/data\/out leads out of .*data-secret/)
  })

  it('in a circle are refused', () => {
    const folder = folderWith({ 'a/b/x': '' })
    symlinkSync('../..', join(folder, 'a', 'b', 'up'))
    expect(() => paths(folder)).toThrow(/a\/b\/up leads in a circle/)
    const self = newFolder()
    symlinkSync('self', join(self, 'self'))
    expect(() => paths(self)).toThrow(/self leads in a circle/)
  })

  it('to nothing are refused, unless they are left out', () => {
    const folder = folderWith({ 'a.py': '' })
    symlinkSync('nowhere', join(folder, 'broken'))
    expect(() => paths(folder, 'code')).toThrow(/broken leads to nothing/)
    writeFiles(folder, { '.amlignore': 'broken' })
    expect(paths(folder, 'code')).toEqual(['a.py'])
  })

  it('that an ignore rule leaves out may lead anywhere', () => {
    const folder = folderWith({ '.amlignore': 'venv', 'a.py': '' })
    symlinkSync('/', join(folder, 'venv'))
    expect(paths(folder, 'code')).toEqual(['a.py'])
  })

  it('may stand for the folder itself', () => {
    const folder = folderWith({ 'real/a.txt': 'a' })
    symlinkSync('real', join(folder, 'alias'))
    expect(paths(join(folder, 'alias'))).toEqual(['a.txt'])
  })
})

describe('what cannot be stored', () => {
  it('are pipes and sockets', () => {
    const folder = newFolder()
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(() => paths(folder)).toThrow(/pipe is neither a file nor a folder/)
  })

  it('are names with a backslash', () => {
    expect(() => paths(folderWith({ 'a\\b': '' }))).toThrow(/cannot be stored/)
  })
})
