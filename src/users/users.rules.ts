/** What a name, an e-mail address and a password may be. */

export const nameLengthMax = 100
export const emailLengthMax = 255
export const passwordLengthMin = 8
/** A bound on what is hashed, and room for any passphrase. */
export const passwordLengthMax = 128

/** Letters of any script with their marks, spaces, hyphens and apostrophes, straight or typographic. */
const namePattern = /^(?=.*\p{L})[\p{L}\p{M} '’-]+$/u

/** A dot-atom (RFC 5322) at a domain of at least two labels. International domains come in their ASCII form. */
const emailPattern =
  /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d]([a-z\d-]*[a-z\d])?\.)+(xn--[a-z\d-]+|[a-z]{2,})$/i

/** Expects trimmed text. */
export function isName(text: string): boolean {
  return namePattern.test(text)
}

/** Expects trimmed text of at most `emailLengthMax` characters. */
export function isEmail(text: string): boolean {
  return text.length <= emailLengthMax && text.indexOf('@') <= 64 && emailPattern.test(text)
}

/** Nothing at all, or spaces alone. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}
