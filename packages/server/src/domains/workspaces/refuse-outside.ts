import { HaganeError } from '@hagane/contract'
import { type BaseCall, EVERY_WORKSPACE } from '../../kernel/http/index.ts'

/** These routes are about a workspace, which need not be the one they are called in. */
export function refuseOutside(
  call: BaseCall,
  permission: 'workspace.read' | 'workspace.write',
  workspace: string,
): void {
  if (call.caller.can(permission, workspace)) return
  const where = workspace === EVERY_WORKSPACE ? 'the whole server' : `workspace ${workspace}`
  throw new HaganeError(
    'forbidden',
    `${call.actor} may not do this: it needs the permission ${permission} for ${where}`,
    {
      hint: 'use a token that is not confined to another workspace',
    },
  )
}
