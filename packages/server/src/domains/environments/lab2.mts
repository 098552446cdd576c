import { readFileSync } from 'node:fs'
import { define, defineCurated } from './definition/definition.ts'
import { curatedNames } from './definition/curated.ts'
import { findInterpreters } from './python/interpreters.ts'
import { chooseInterpreter } from './python/choose.ts'
import { openToolchain } from './python/toolchain.ts'
import { lockDefinition } from './build/lock.ts'
const interpreters = findInterpreters(process.env)
const all = (await interpreters.all()).filter(i => !process.env.ONLY || i.version.startsWith(process.env.ONLY))
const open = openToolchain({ env: process.env, dataDir: '/tmp/environments-lab/data', interpreters })
const args = process.argv[2] === 'curated' ? curatedNames().map(n => `curated:${n}`) : process.argv.slice(2)
for (const arg of args) {
  const t = Date.now()
  try {
    const d = arg.startsWith('curated:') ? defineCurated(arg.slice(8)) : arg.endsWith('.txt') ? await define({ image: 'python:3.8', pip_requirements: readFileSync(arg, 'utf8') }, async () => undefined) : await define({ image: 'x', conda_file: readFileSync(arg, 'utf8') }, async () => undefined)
    const c = chooseInterpreter(d.definition.python, all, 'compatible')
    const l = await lockDefinition(d.definition, { interpreter: c.interpreter, asWanted: c.asWanted, definitionDigest: d.digest, toolchain: () => open(() => {}), onLine: () => {} })
    console.log(`OK ${((Date.now() - t) / 1000).toFixed(1)}s ${arg} py${c.interpreter.version} ${l.packages} pkgs`, [...d.deviations, ...c.deviations, ...l.deviations], l.text.match(/^# source.*/gm) ?? '')
  } catch (e) { console.log(`FAIL ${((Date.now() - t) / 1000).toFixed(1)}s ${arg}:`, (e as Error).message.slice(0, 600), (e as any).hint) }
}
