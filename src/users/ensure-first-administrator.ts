import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import type { Services } from '../services.ts'
import { initialGrant, openAccount } from './open-accounts.ts'
import {
  createEmailKey,
  findLiveAdministrator,
  findLiveUserByEmail,
  insertUser,
} from './users.repository.ts'
import { isEmail, passwordLengthMax } from './users.rules.ts'
import type { UserRow } from './users.table.ts'

export type FirstAdministrator =
  | { readonly state: 'present' }
  | { readonly state: 'created' }
  /** Nobody can administer, and the settings do not let us change that. */
  | { readonly state: 'refused'; readonly problem: string }

const adminPasswordLengthMin = 12

/** What the documents print, and what anybody tries first; in lower case, letters and digits alone. */
const knownPasswords = new Set([
  'adminpassword123',
  'userpassword123',
  'password1234',
  'password12345',
  'password123456',
  'administrator',
  'administrator1',
  'administrator123',
  'administratorsystem',
  'changemechangeme',
  'letmeinletmein',
  'qwertyuiop123',
  '1234567890123',
])

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

interface Credentials {
  readonly email: string
  readonly password: string
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

/** The credentials of the settings, or what is wrong with them. Never says the password. */
export function readCredentials(settings: {
  readonly ADMIN_EMAIL?: string | undefined
  readonly ADMIN_PASSWORD?: string | undefined
}): Credentials | string {
  const email = settings.ADMIN_EMAIL?.trim()
  const password = settings.ADMIN_PASSWORD
  if (!email || !password) {
    return 'There is no administrator. Set the secrets ADMIN_EMAIL and ADMIN_PASSWORD.'
  }
  if (!isEmail(email)) return 'ADMIN_EMAIL is no valid e-mail address.'
  if (password.length < adminPasswordLengthMin || password.length > passwordLengthMax) {
    return `ADMIN_PASSWORD must have ${adminPasswordLengthMin} to ${passwordLengthMax} characters.`
  }
  const plain = password.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (knownPasswords.has(plain) || new Set(password).size < 6) {
    return 'ADMIN_PASSWORD is a known default or too easy to guess. Choose another one.'
  }
  return { email, password }
}

function refuse(problem: string): FirstAdministrator {
  return { state: 'refused', problem }
}
