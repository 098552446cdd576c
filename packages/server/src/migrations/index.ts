import type { Migration } from '../kernel/db/migrate.ts'
import { kernel } from './0001-kernel.ts'
import { access } from './0002-access.ts'
import { assets } from './0003-assets.ts'

/** The one timeline; order is by name. */
export const migrations: readonly Migration[] = [kernel, access, assets]
