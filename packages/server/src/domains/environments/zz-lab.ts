import { readFileSync, mkdirSync } from 'node:fs'
import { define, defineCurated } from './definition/definition.ts'
import { findInterpreters } from './python/interpreters.ts'
import { chooseInterpreter } from './python/choose.ts'
import { openToolchain } from './python/toolchain.ts'
import { lockDefinition } from './build/lock.ts'
import { openBuilder } from './build/builder.ts'
const dataDir = process.env.DATA ?? '/tmp/environments-lab/data'
mkdirSync(dataDir + '/envs', { recursive: true })
const t0 = Date.now(); const lap = (s: string) => console.log(`[${((Date.now() - t0) / 1000).toFixed(2)}s] ${s}`)
const arg = process.argv[2] ?? ''
const defined = arg.startsWith('curated:') ? defineCurated(arg.slice(8)) : arg.endsWith('ml') ? await define({ image: 'x', conda_file: readFileSync(arg, 'utf8') }, async () => undefined) : await define({ image: process.env.IMAGE ?? 'python', pip_requirements: process.argv.slice(2).join('\n') }, async () => undefined)
console.log(defined)
const interpreters = findInterpreters(process.env)
const all = await interpreters.all(); lap(`interpreters ${all.map(i => i.version + (i.preferred ? '*' : '')).join(' ')}`)
const filtered = process.env.ONLY ? all.filter(i => i.version.startsWith(process.env.ONLY as string)) : all
const choice = chooseInterpreter(defined.definition.python, filtered, defined.definition.resolution); console.log(choice.interpreter, choice.deviations)
const open = openToolchain({ env: process.env, dataDir, interpreters })
const toolchain = () => open(l => lap('tool: ' + l))
const onLine = (l: string) => lap(l)
try {
const tc = await toolchain(); lap(`toolchain ${tc.uv} ${tc.cacheDir}`)
const locked = await lockDefinition(defined.definition, { interpreter: choice.interpreter, asWanted: choice.asWanted, definitionDigest: defined.digest, toolchain, onLine })
lap(`locked ${locked.digest} ${locked.packages}`); console.log(locked.deviations); console.log(locked.text.split('\n').filter(l => l.startsWith('#')).join('\n'))
const builder = openBuilder(dataDir + '/envs')
const built = await builder.build({ lockDigest: locked.digest, lockText: locked.text, interpreter: choice.interpreter, toolchain, env: tc.env, onLine })
lap(`built ${built.prefix}`)
if (process.env.WAIT) await builder.settled(); else await builder.stop()
const t1 = performance.now(); await builder.find(locked.digest); console.log('find ms', performance.now() - t1)
} catch (e) { console.log(JSON.stringify((e as any).toBody?.() ?? String(e), null, 1), (e as Error).stack) }
