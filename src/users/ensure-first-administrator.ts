import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import type { Services } from '../services.ts'
import { type Credentials, readCredentials } from './first-administrator.rules.ts'
import { initialGrant, openAccount } from './open-accounts.ts'
import {
  createEmailKey,
  findLiveAdministrator,
  findLiveUserByEmail,
  insertUser,
} from './users.repository.ts'
import type { UserRow } from './users.table.ts'

export type FirstAdministrator =
  | { readonly state: 'present' }
  | { readonly state: 'created' }
  /** Nobody can administer, and the settings do not let us change that. */
  | { readonly state: 'refused'; readonly problem: string }

/**
 * Makes sure that somebody can administer. Where no live administrator exists, creates one from the secrets
 * `ADMIN_EMAIL` and `ADMIN_PASSWORD`; never turns an existing user into one, as anybody may have registered that address.
 * One query when there is nothing to do.
 */
export async function ensureFirstAdministrator(
  services: Pick<
    Services,
    'settings' | 'database' | 'clock' | 'createId' | 'logger' | 'ledger' | 'passwords'
  >,
): Promise<FirstAdministrator> {
  const { database, logger } = services
  if (await findLiveAdministrator(database)) return { state: 'present' }

  const wanted = readCredentials(services.settings)
  const answer =
    typeof wanted === 'string' ? refuse(wanted) : await createAdministrator(services, wanted)
  if (answer.state === 'refused') {
    logger.error('users.first_administrator_refused', { problem: answer.problem })
  }
  return answer
}

async function createAdministrator(
  services: Parameters<typeof ensureFirstAdministrator>[0],
  { email, password }: Credentials,
): Promise<FirstAdministrator> {
  const { database, logger } = services
  const taken = 'ADMIN_EMAIL belongs to a user who is no administrator. Choose another address.'
  if (await findLiveUserByEmail(database, email)) return refuse(taken)

  const nowMs = services.clock.nowMs()
  const id = services.createId()
  const administrator: UserRow = {
    id,
    name: 'Administrator',
    surname: 'System',
    email,
    emailKey: createEmailKey(email),
    passwordHash: services.passwords.hash(password),
    role: 'admin',
    accessVersion: 1,
    createdAt: nowMs,
    updatedAt: nowMs,
    deletedAt: null,
  }
  const audit = auditChangeStatement(database, {
    atMs: nowMs,
    actor: null,
    action: 'user.registered',
    subjectKind: 'user',
    subjectId: id,
    ownerId: id,
    requestId: null,
    details: { role: 'admin' },
  })
  const isInserted = await insertUser(database, administrator, { alongside: [audit] })
  if (!isInserted) return refuse(taken)
  logger.info('users.first_administrator_created', { userId: id })
  await openAccount(services.ledger, { userId: id, grant: initialGrant })
  return { state: 'created' }
}

function refuse(problem: string): FirstAdministrator {
  return { state: 'refused', problem }
}
