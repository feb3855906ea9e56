import { createAmount, type TokenAmount } from '../ledger/amounts.ts'

/** The most that one recharge may add, in tokens. */
const rechargeTokensMax = 1_000_000
const decimalsMax = 2

type RechargeAmount =
  | { readonly ok: true; readonly amount: TokenAmount }
  | { readonly ok: false; readonly problem: string }

/**
 * Reads the amount of a recharge from a JSON number or from text such as "10.5", digit by digit: no amount is ever
 * rounded to one that is allowed. A JSON number counts with the digits that it prints with.
 */
export function parseRechargeAmount(value: unknown): RechargeAmount {
  const text = readText(value)
  if (text === '') return refuse('Amount is required')
  const [, whole, decimals = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined) {
    return refuse(
      'Amount can only contain numbers and a single decimal point. Letters, commas, and other characters are not allowed',
    )
  }
  if (decimals.length > decimalsMax) {
    return refuse(`Amount cannot have more than ${decimalsMax} decimal places`)
  }
  // Eight digits are beyond the maximum and still exact.
  const wholeTokens = Number(whole.replace(/^0+/, '').slice(0, 8))
  const thousandths = wholeTokens * 1000 + Number(decimals.padEnd(3, '0'))
  if (thousandths === 0) return refuse('Amount must be greater than 0')
  if (thousandths > rechargeTokensMax * 1000) {
    return refuse(`Amount too large. Maximum allowed is ${rechargeTokensMax} tokens`)
  }
  return { ok: true, amount: createAmount(thousandths) }
}

function readText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  // Other types have no digits to read, and so are refused as what is no number.
  return typeof value === 'number' ? String(value) : typeof value
}

function refuse(problem: string): RechargeAmount {
  return { ok: false, problem }
}
