import type { UserRow } from './users.table.ts'

export function formatProfileForApi(user: UserRow) {
  const { id, name, surname, email } = user
  return { id, name, surname, email }
}
