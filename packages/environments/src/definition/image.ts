import { findCurated } from './curated.ts'

export interface ImageFacts {
  readonly python?: string
  /** Set when the image is that of a curated environment. */
  readonly curated?: string
}

/**
 * What the name of a container image tells about the Python in it. Images are not run here: `python:3.8-slim` and
 * `…/minimal-py312-inference` name a version, `…/curated/sklearn-1.5` names packages, any other is "some Python".
 */
export function readImage(image: string): ImageFacts {
  const path = image.replace(/@sha256:.*$/, '')
  const curatedName = /\/curated\/([A-Za-z0-9._-]+?)(?::[^/]*)?$/.exec(path)?.[1]
  if (curatedName !== undefined && findCurated(curatedName) !== undefined) return { curated: curatedName }
  const official = /(?:^|\/)python:(\d+\.\d+(?:\.\d+)?)(?![\d.])/.exec(path)?.[1]
  if (official !== undefined) return { python: official }
  const tagged = /[-_.:]py(3)\.?(\d{1,2})(?!\d)/.exec(path)
  return tagged === null ? {} : { python: `${tagged[1]}.${tagged[2]}` }
}
