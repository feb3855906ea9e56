import { createAmount, type TokenAmount } from '../ledger/amounts.ts'
import type { Services } from '../services.ts'
import { openAccount } from './open-accounts.ts'
import { createEmailKey, findUserById } from './users.repository.ts'
import type { UserRow } from './users.table.ts'

interface SeedUser extends Pick<UserRow, 'id' | 'name' | 'surname' | 'email' | 'role'> {
  readonly password: string
  readonly grant: TokenAmount
}

const seedUsers = [
  {
    id: '5eed0000-0000-4000-8000-000000000001',
    name: 'Administrator',
    surname: 'System',
    email: 'admin@system.com',
    role: 'admin',
    password: 'AdminPassword123!',
    grant: createAmount(1_000_000),
  },
  {
    id: '5eed0000-0000-4000-8000-000000000002',
    name: 'Mario',
    surname: 'Rossi',
    email: 'user1@system.com',
    role: 'user',
    password: 'UserPassword123!',
    grant: createAmount(100_000),
  },
  {
    id: '5eed0000-0000-4000-8000-000000000003',
    name: 'Giulia',
    surname: 'Bianchi',
    email: 'user2@system.com',
    role: 'user',
    password: 'UserPassword123!',
    grant: createAmount(50_000),
  },
] as const satisfies readonly SeedUser[]

const seedTags = ['inpainting', 'damage', 'mask', 'portrait', 'landscape'] as const

const seedDatasets = [
  {
    id: '5eed0000-0000-4000-8000-000000000201',
    name: 'Scratched photographs',
    tags: ['inpainting', 'damage'],
    isDeleted: false,
  },
  {
    id: '5eed0000-0000-4000-8000-000000000202',
    name: 'Old landscapes',
    tags: ['mask', 'landscape'],
    isDeleted: true,
  },
] as const

type SeedServices = Pick<
  Services,
  'settings' | 'database' | 'clock' | 'createId' | 'logger' | 'ledger' | 'passwords'
>

/**
 * Gives a development system the people, tags and datasets that the documents promise, once: whoever is deleted or
 * changed later stays so. Answers whether it did anything. Throws outside development.
 */
export async function seedDevelopment(services: SeedServices): Promise<boolean> {
  const { settings, database, ledger, logger } = services
  if (settings.APP_ENV !== 'development') {
    throw new Error(`The seed is for development; APP_ENV is ${settings.APP_ENV}.`)
  }
  const [administrator, owner] = seedUsers
  if (await findUserById(database, administrator.id)) return false

  // Accounts first, and all rows at once: a seed that was cut off starts again from the beginning.
  for (const { id, grant } of seedUsers) await openAccount(ledger, { userId: id, grant })
  await database.raw.batch([
    ...seedUsers.map((user) => createUserStatement(services, user)),
    createTagsStatement(services),
    ...seedDatasets.flatMap((dataset) => createDatasetStatements(services, owner.id, dataset)),
  ])
  logger.info('users.development_seeded', {
    users: seedUsers.length,
    datasets: seedDatasets.length,
  })
  return true
}

function createUserStatement(services: SeedServices, user: SeedUser): D1PreparedStatement {
  return services.database.raw
    .prepare(
      `INSERT OR IGNORE INTO users
         (id, name, surname, email, email_key, password_hash, role, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)`,
    )
    .bind(
      user.id,
      user.name,
      user.surname,
      user.email,
      createEmailKey(user.email),
      services.passwords.hash(user.password),
      user.role,
      services.clock.nowMs(),
    )
}

function createTagsStatement({ database, clock, createId }: SeedServices): D1PreparedStatement {
  const tags = seedTags.map((name) => ({ id: createId(), name }))
  return database.raw
    .prepare(
      `INSERT OR IGNORE INTO tags (id, name, created_at)
       SELECT value ->> 'id', value ->> 'name', ?2 FROM json_each(?1)`,
    )
    .bind(JSON.stringify(tags), clock.nowMs())
}

function createDatasetStatements(
  { database, clock }: SeedServices,
  userId: string,
  dataset: (typeof seedDatasets)[number],
): D1PreparedStatement[] {
  const nowMs = clock.nowMs()
  const deletedAt = dataset.isDeleted ? nowMs : null
  return [
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO datasets (id, user_id, name, created_at, updated_at, deleted_at)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)`,
      )
      .bind(dataset.id, userId, dataset.name, nowMs, deletedAt),
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO dataset_tags (dataset_id, tag_id, position)
         SELECT ?2, tags.id, wanted.key FROM json_each(?1) AS wanted
         JOIN tags ON tags.name = wanted.value`,
      )
      .bind(JSON.stringify(dataset.tags), dataset.id),
  ]
}
