import type { Permission, Role } from '@hagane/contract'

const read: Permission[] = [
  'workspace.read',
  'audit.read',
  'asset.read',
  'job.read',
  'tracking.read',
  'model.read',
  'endpoint.read',
  'monitor.read',
  'notification.read',
  'automation.read',
]
const contribute: Permission[] = [
  ...read,
  'asset.write',
  'job.write',
  'tracking.write',
  'model.write',
  'endpoint.write',
  'endpoint.invoke',
  'monitor.write',
  'notification.write',
  'automation.write',
]

/** What each role may do. Jobs get what their scripts need and no more; the gateway gets its own permission alone. */
export const permissionsOf: Record<Role | 'job' | 'gateway', readonly Permission[]> = {
  reader: read,
  contributor: contribute,
  admin: [...contribute, 'workspace.write', 'access.manage', 'gateway.serve', 'automation.approve'],
  job: [
    'workspace.read',
    'asset.read',
    'asset.write',
    'job.read',
    'tracking.read',
    'tracking.write',
    'model.read',
    'model.write',
  ],
  gateway: ['gateway.serve', 'asset.read'],
}
