import { z } from 'zod'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, permissions, route } from './core/route.ts'

/** Reader sees, contributor also changes and runs, admin also manages access and workspaces. */
export const roles = ['reader', 'contributor', 'admin'] as const
export type Role = (typeof roles)[number]

export const tokenResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    role: z.enum(roles),
    workspace: z.string().optional().describe('absent: every workspace'),
    created_at: timeSchema,
    created_by: z.string(),
    expires_at: timeSchema.optional(),
    revoked: z.boolean(),
  })
  .meta({ id: 'Token' })
export type TokenResource = z.output<typeof tokenResource>

export const accessRoutes = {
  createToken: route({
    operationId: 'access.tokens.create',
    method: 'POST',
    path: '/api/v1/access/tokens',
    permission: 'access.manage',
    summary: 'Make a token for a person or a program; the secret is shown only in this answer',
    body: z.strictObject({
      name: nameSchema,
      role: z.enum(roles),
      workspace: nameSchema.optional(),
      expires_in_days: z.number().int().min(1).max(3650).optional(),
    }),
    response: tokenResource.extend({ token: z.string() }),
    status: 201,
  }),
  listTokens: route({
    operationId: 'access.tokens.list',
    method: 'GET',
    path: '/api/v1/access/tokens',
    permission: 'access.manage',
    summary: 'List tokens',
    query: z.object(pageQuery),
    response: pageOf(tokenResource),
  }),
  revokeToken: route({
    operationId: 'access.tokens.revoke',
    method: 'DELETE',
    path: '/api/v1/access/tokens/:id',
    permission: 'access.manage',
    summary: 'Revoke a token at once',
    params: z.object({ id: z.string().min(1).max(64) }),
    response: ok,
  }),
  whoami: route({
    operationId: 'access.whoami',
    method: 'GET',
    path: '/api/v1/access/whoami',
    permission: 'workspace.read',
    summary: 'Who the server takes you for, and what you may do',
    response: z.object({ actor: z.string(), workspace: z.string(), permissions: z.array(z.enum(permissions)) }),
  }),
}
