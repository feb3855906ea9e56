import { isEmail, passwordLengthMax } from './users.rules.ts'

export interface Credentials {
  readonly email: string
  readonly password: string
}

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
