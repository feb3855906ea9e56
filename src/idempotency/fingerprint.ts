import { createHmac } from 'node:crypto'

/**
 * What stands for a request's content, or for whoever sent it, in the database. It is keyed: content may hold a password,
 * and whoever reads the database must not find it by trying.
 */
export function createFingerprint(
  secret: string,
  purpose: 'content' | 'registration',
  text: string,
): string {
  return createHmac('sha256', secret).update(`idempotency ${purpose}\n${text}`).digest('hex')
}
