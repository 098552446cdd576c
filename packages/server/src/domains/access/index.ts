import { accessRoutes, HaganeError, type Permission, permissions, type TokenResource } from '@hagane/contract'
import type { Database, Tx } from '../../kernel/db/index.ts'
import {
  type Authenticate,
  type BoundRoute,
  type Caller,
  EVERY_WORKSPACE,
  implement,
  pageFrom,
  type RefusedCall,
  textCursor,
} from '../../kernel/http/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { optional } from '../../kernel/optional.ts'
import { hashToken, newToken } from '../../kernel/secrets.ts'
import { hasPersonToken, listTokens, liveTokensIn, tokenByHash } from './reads.ts'
import { permissionsOf } from './roles.ts'
import { deleteTokensOf, insertToken, revokeToken, type TokenRow } from './store.ts'

export interface Access {
  routes: BoundRoute[]
  authenticate: Authenticate
  /** A token for a job or the gateway, made in the caller's transaction. */
  issue(tx: Tx, actor: string, role: 'job' | 'gateway', workspace: string | null): Promise<string>
  /** Ends the actor's tokens in the transaction's workspace. */
  withdraw(tx: Tx, actor: string): Promise<void>
  /** Hashes of the tokens of people who may do this in a workspace, for those who check tokens without asking here. */
  tokensWith(permission: Permission, workspace: string): Promise<{ sha256: string; expires_at: string | null }[]>
  /**
   * Keeps on record that somebody tried to approve what they may not approve. Other refusals are answered and change nothing, so
   * that nobody can fill the log with them.
   */
  noteRefused(asked: RefusedCall): Promise<void>
  /** Whether anybody could get in if credentials were asked for. */
  hasCredentials(): Promise<boolean>
}

interface Deps {
  db: Database
  /** False on loopback: a caller without credentials is taken for a local user. */
  credentialsNeeded: boolean
  workspaces: { require(name: string): Promise<void>; isRegistry(name: string): Promise<boolean> }
}

export function buildAccess({ db, credentialsNeeded, workspaces }: Deps): Access {
  const { require: requireWorkspace, isRegistry } = workspaces
  const issueToken = async (
    tx: Tx,
    values: Pick<TokenRow, 'name' | 'role' | 'workspace' | 'actor' | 'expires_at' | 'correlation'>,
  ) => {
    const secret = newToken('hg')
    const row: TokenRow = {
      ...values,
      id: newUlid(),
      hash: hashToken(secret),
      created_at: tx.now.toISOString(),
      created_by: tx.who.actor,
      revoked: 0,
    }
    await insertToken(tx, row)
    return { row, secret }
  }
  return {
    hasCredentials: () => hasPersonToken(db),
    async tokensWith(permission, workspace) {
      const rows = await liveTokensIn(db, workspace)
      return rows
        .filter(row => callerOf(row).can(permission, workspace))
        .map(row => ({ sha256: row.hash, expires_at: row.expires_at }))
    },
    issue: async (tx, actor, role, workspace) =>
      (await issueToken(tx, { ...holder(actor), role, workspace, correlation: tx.who.correlation ?? null })).secret,
    withdraw: async (tx, actor) => void (await deleteTokensOf(tx, actor)),
    async noteRefused({ workspace, actor, permission, operation, path }) {
      if (!kept.includes(permission)) return
      await db.withTransaction({ workspace, actor }, async tx =>
        tx.append({
          type: 'dev.hagane.access.refused',
          subject: `access/${permission}`,
          data: { permission, operation, path },
        }),
      )
    },
    // who may not enter a workspace is not told whether there is one of that name
    async authenticate({ headers, workspace }) {
      const secret = secretOf(headers.authorization)
      if (secret === undefined) {
        if (credentialsNeeded) throw credentialsWanted()
        await requireWorkspace(workspace)
        const local = localCaller(headers['x-hagane-actor'])
        return (await isRegistry(workspace)) ? inRegistry(local, workspace) : local
      }
      const row = await validToken(db, secret)
      if (row.workspace === null || row.workspace === workspace) await requireWorkspace(workspace)
      return (await isRegistry(workspace)) ? inRegistry(callerOf(row), workspace, row.workspace) : callerOf(row)
    },
    routes: [
      implement(accessRoutes.createToken, async call => {
        const { name, role, expires_in_days } = call.body
        const workspace = call.body.workspace ?? homeOf(call)
        refuseBeyondHome(call, workspace)
        if (workspace !== undefined) await requireWorkspace(workspace)
        const expires_at =
          expires_in_days === undefined
            ? null
            : new Date(db.clock.now().getTime() + expires_in_days * 86_400_000).toISOString()
        const { row, secret } = await db.withTransaction(call, async tx => {
          const made = await issueToken(tx, {
            name,
            role,
            workspace: workspace ?? null,
            actor: `user:${name}`,
            expires_at,
            correlation: null,
          })
          tx.append({
            type: 'dev.hagane.access.token-created',
            subject: `token/${made.row.id}`,
            data: {
              name,
              role,
              ...(workspace === undefined ? {} : { workspace }),
              ...(expires_at === null ? {} : { expires_at }),
            },
          })
          return made
        })
        return { ...toResource(row), token: secret }
      }),
      implement(accessRoutes.listTokens, async call => {
        const rows = listTokens(db, call.query.limit + 1, textCursor(call.query.cursor), homeOf(call))
        return pageFrom(await rows, call.query.limit, toResource, row => [row.id])
      }),
      implement(accessRoutes.revokeToken, async call => {
        await db.withTransaction(call, async tx => {
          if (!(await revokeToken(tx, call.params.id, homeOf(call))))
            throw new HaganeError('not_found', `no live token ${call.params.id}`, {
              hint: '`hagane access token list` shows them',
            })
          tx.append({ type: 'dev.hagane.access.token-revoked', subject: `token/${call.params.id}`, data: {} })
        })
        return { ok: true as const }
      }),
      implement(accessRoutes.whoami, async call => ({
        actor: call.actor,
        workspace: call.workspace,
        permissions: permissions.filter(permission => call.caller.can(permission, call.workspace)),
      })),
    ],
  }

  async function validToken(database: Database, secret: string): Promise<TokenRow> {
    const row = await tokenByHash(database, hashToken(secret))
    if (
      row === undefined ||
      row.revoked === 1 ||
      (row.expires_at !== null && row.expires_at <= database.clock.now().toISOString())
    )
      throw new HaganeError('unauthenticated', 'this token is not known, or it was revoked or has expired', {
        hint: 'ask an administrator for a new one',
      })
    return row
  }
}

/** Permissions of those who decide for others: their use by who may not is kept on record. */
const kept: readonly Permission[] = ['automation.approve']

const holder = (actor: string) => ({ name: actor, actor, expires_at: null })

const credentialsWanted = (): HaganeError =>
  new HaganeError('unauthenticated', 'this server asks for credentials', {
    hint: 'send a token: `hagane login`, or HAGANE_TOKEN, or MLFLOW_TRACKING_TOKEN for MLflow clients',
  })

type Administrator = { caller: Caller; workspace: string }

/** The one workspace that an administrator is confined to; undefined for one of the whole server. */
const homeOf = ({ caller, workspace }: Administrator): string | undefined =>
  caller.can('access.manage', EVERY_WORKSPACE) ? undefined : workspace

/** Nobody makes a token that reaches further than their own. */
function refuseBeyondHome(call: Administrator, workspace: string | undefined): void {
  const home = homeOf(call)
  if (home !== undefined && workspace !== home)
    throw new HaganeError('forbidden', `${call.caller.actor} manages access in workspace ${home} only`, {
      details: [{ property: 'workspace', message: 'another workspace', sent: workspace, allowed: home }],
      hint: 'leave workspace out, or ask an administrator of the whole server',
    })
}

/** Bearer, or Basic with the token as the password: what MLflow's clients can send. */
function secretOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const [scheme, value = ''] = header.split(/\s+/, 2)
  if (/^bearer$/i.test(scheme ?? '')) return value
  if (/^basic$/i.test(scheme ?? ''))
    return Buffer.from(value, 'base64')
      .toString('utf8')
      .replace(/^[^:]*:/, '')
  throw new HaganeError(
    'unauthenticated',
    'the Authorization header must be Bearer <token>, or Basic with the token as password',
  )
}

const callerOf = (row: TokenRow): Caller => {
  const allowed: readonly Permission[] = permissionsOf[row.role as keyof typeof permissionsOf] ?? []
  return {
    actor: row.actor,
    ...optional('correlation', row.correlation),
    can: (permission, workspace) =>
      (row.workspace === null || (row.workspace === workspace && permission !== 'gateway.serve')) &&
      allowed.includes(permission),
  }
}

/** What can be done in a registry at all: it holds assets. */
const registryPermissions: readonly Permission[] = [
  ...(['workspace.read', 'workspace.write', 'access.manage', 'audit.read'] as const),
  ...(['asset.read', 'asset.write', 'model.read', 'model.write'] as const),
]

/** Who may read the assets of some workspace may read those of every registry; nobody runs or serves anything there. */
function inRegistry(caller: Caller, registry: string, home: string | null = null): Caller {
  const reads: readonly Permission[] = ['workspace.read', 'asset.read', 'model.read']
  return {
    actor: caller.actor,
    ...optional('correlation', caller.correlation),
    refusal: (permission, workspace) =>
      workspace === registry && !registryPermissions.includes(permission)
        ? new HaganeError(
            'unsupported',
            `${registry} is a registry: it holds models, data, components and environments`,
            {
              hint: `do this in a workspace, and name its assets azureml://registries/${registry}/…`,
            },
          )
        : undefined,
    can: (permission, workspace) =>
      caller.can(permission, workspace) ||
      (workspace === registry && home !== null && reads.includes(permission) && caller.can(permission, home)),
  }
}

/** On loopback everybody is an administrator; the name is what the client says and is marked as such. */
function localCaller(claimed: string | string[] | undefined): Caller {
  const name = typeof claimed === 'string' ? safeName(claimed) : 'anonymous'
  return { actor: `local:${name}`, can: () => true }
}

function safeName(encoded: string): string {
  try {
    return (
      // by characters: half of a surrogate pair would not be stored as it is hashed
      Array.from(decodeURIComponent(encoded).replace(/[^\p{L}\p{N}_.@+-]/gu, '_'))
        .slice(0, 100)
        .join('') || 'anonymous'
    )
  } catch {
    return 'anonymous'
  }
}

const toResource = (row: TokenRow): TokenResource => ({
  id: row.id,
  name: row.name,
  role: row.role as TokenResource['role'],
  ...(row.workspace === null ? {} : { workspace: row.workspace }),
  created_at: row.created_at,
  created_by: row.created_by,
  ...(row.expires_at === null ? {} : { expires_at: row.expires_at }),
  revoked: row.revoked === 1,
})
