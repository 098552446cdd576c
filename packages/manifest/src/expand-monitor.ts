import { HaganeError, monitorSpec, serviceSignals } from '@hagane/contract'
import type { Loading } from './loading.ts'
import { noteUpload } from './note-upload.ts'
import { keepLiterals } from './number-text.ts'
import { diagnosticText } from './problems.ts'
import { type Cursor, isMap, mapAt, own, propertyName } from './tree.ts'
import { validate } from './validate.ts'

/** A monitor, or Azure ML's schedule that creates one: local tables are noted for upload, signals of Azure's services refused. */
export async function expandMonitor(loading: Loading, cursor: Cursor): Promise<void> {
  keepLiterals(loading.origins, cursor.map, 'tags')
  keepLiterals(loading.origins, cursor.map, 'properties')
  const definition = mapAt(cursor, 'create_monitor')
  if (definition === undefined) return
  if (own(definition.map, 'compute') !== undefined)
    loading.warn(definition, 'compute', 'the server judges by itself: no Spark compute is used')
  const signals = mapAt(definition, 'monitoring_signals')
  if (signals === undefined) return
  for (const name of Object.keys(signals.map)) {
    const signal = mapAt(signals, name)
    if (signal !== undefined) await expandSignal(loading, cursor, signal)
  }
}

async function expandSignal(loading: Loading, root: Cursor, signal: Cursor): Promise<void> {
  refuseService(loading, root, signal)
  for (const at of dataOf(signal)) {
    const input = mapAt(at, 'input_data')
    if (input !== undefined) await noteUpload(loading, input, 'path', 'data')
  }
}

/** Every place of a signal that names data: production and reference, the list of several, the inputs of a custom one. */
function dataOf(signal: Cursor): Cursor[] {
  const inputs = own(signal.map, 'type') === 'custom' ? mapAt(signal, 'input_data') : undefined
  if (inputs !== undefined) return Object.keys(inputs.map).flatMap(name => mapAt(inputs, name) ?? [])
  return ['production_data', 'reference_data'].flatMap(key => {
    const value = own(signal.map, key)
    if (!Array.isArray(value)) return mapAt(signal, key) ?? []
    return value.flatMap((item, index) =>
      isMap(item) ? [{ map: item, pointer: [...signal.pointer, key, index], home: signal.home }] : [],
    )
  })
}

/** Mistakes elsewhere are told first; then the signal is refused by its name. */
function refuseService(loading: Loading, root: Cursor, signal: Cursor): void {
  const type = own(signal.map, 'type')
  const reason = typeof type === 'string' && Object.hasOwn(serviceSignals, type) ? serviceSignals[type] : undefined
  if (reason === undefined) return
  validate(loading, monitorSpec, root.map)
  loading.problems.throwIfAny()
  const hint = 'judge the answers in a component of your own and give it as a signal of type custom'
  const detail = {
    property: propertyName([...signal.pointer, 'type']),
    message: `'${String(type)}' is not judged here: ${reason}`,
    sent: type,
    hint,
    ...loading.origins.place(signal.map, 'type'),
  }
  throw new HaganeError('unsupported', diagnosticText(detail), { hint, details: [detail] })
}
