import { lockDigestOf } from '@hagane/environments'
import type { Image } from './images.ts'

interface ContainerLock {
  readonly definition: string
  readonly image: Image
  /** Text of the lock of the packages that are laid over the image. */
  readonly packages?: string | undefined
}

const IMAGE = /^# image (\S+) ([0-9a-f]{64})$/m
const PACKAGES = /^# packages ([0-9a-f]{64})$/m

/** The lock of an environment in a container: its image by digest, then the packages laid over it. Same form as every lock. */
export function printContainerLock({ definition, image, packages }: ContainerLock): string {
  const lines = packages?.trimEnd().split('\n') ?? [
    '# hagane environment lock 1',
    '# python image',
    '# platform container',
    `# definition ${definition}`,
  ]
  const own = packages === undefined ? [] : [`# packages ${lockDigestOf(packages)}`]
  return `${[...lines.slice(0, 1), `# image ${image.reference} ${image.id}`, ...own, ...lines.slice(1)].join('\n')}\n`
}

/** The image of a lock and the digest of its packages' own lock; undefined for a lock without an image. */
export function readContainerLock(text: string): { image: Image; packages?: string } | undefined {
  const [, reference, id] = IMAGE.exec(text) ?? []
  const packages = PACKAGES.exec(text)?.[1]
  if (reference === undefined || id === undefined) return undefined
  return { image: { reference, id }, ...(packages === undefined ? {} : { packages }) }
}
