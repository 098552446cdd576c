import type { Client } from '@hagane/contract'
import type { Cli } from '../cli.ts'
import type { Telling } from '../telling.ts'

/** What every act of the demo works with. */
export interface Stage {
  /** What a user would type. */
  readonly cli: Cli
  /** The same server's REST API, to look again and again at what goes on: a command line of its own for each look costs more than the work. */
  readonly client: Client
  readonly tell: Telling
  readonly url: string
}

/** The part of an asset that the demo reads. */
export interface Asset {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly digest?: string
}

/** The newest version of an asset, or undefined while it has none. */
export async function newest<T extends Asset>(stage: Stage, noun: string, name: string): Promise<T | undefined> {
  const assets = await stage.cli.json<T[]>(noun, 'list')
  if (!assets.some(asset => asset.name === name)) return undefined
  return stage.cli.json<T>(noun, 'show', '--name', name, '--label', 'latest')
}
