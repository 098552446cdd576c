import { join } from 'node:path'

/** Azure ML's folder for what is collected, in the default datastore. */
export const collectorFolder = 'modelDataCollector'
export const FEEDBACK = 'feedback'
/** No deployment can have this name. */
const feedbackFolder = '_feedback'

/** `2026/11/23/22` of an hour written 2026-11-23T22. */
const datePath = (hour: string): string => hour.replace('T', '-').replaceAll('-', '/')

/** Where a file of collected data lies below the datastore: `modelDataCollector/<endpoint>/<deployment>/<collection>/<hour>`. */
export const collectedPath = (
  of: { endpoint: string; deployment?: string | undefined; collection: string; hour: string },
  name: string,
): string =>
  join(
    of.deployment === undefined
      ? join(collectorFolder, of.endpoint, feedbackFolder)
      : collectionFolder(of.endpoint, of.deployment, of.collection),
    datePath(of.hour),
    `${name}.parquet`,
  )

/** The folder of a collection, below the datastore. */
export const collectionFolder = (endpoint: string, deployment: string, collection: string): string =>
  join(collectorFolder, endpoint, deployment, collection)

/** The folder of an endpoint's files, below the datastore. */
export const endpointFolder = (endpoint: string): string => join(collectorFolder, endpoint)

/** The hour in the name of a capture file: `<hour>.<ulid>.capture`. */
export const hourOfCapture = (file: string): string => file.slice(0, '2026-11-23T22'.length)
