declare const tokenAmountBrand: unique symbol

/** An amount of tokens as a whole number of thousandths; negative where it leaves an account. */
export type TokenAmount = number & { readonly [tokenAmountBrand]: 'thousandths' }

const thousandthsPerToken = 1000

/** Fifteen digits: as many as a double keeps of any decimal, so that every amount prints as it was written. */
export const tokenAmountMax = 999_999_999_999_999

export function isTokenAmount(thousandths: number): thousandths is TokenAmount {
  return Number.isSafeInteger(thousandths) && Math.abs(thousandths) <= tokenAmountMax
}

/** Takes whole thousandths; throws a RangeError for a fraction of one and beyond `tokenAmountMax`. */
export function createAmount(thousandths: number): TokenAmount {
  if (!isTokenAmount(thousandths)) {
    throw new RangeError(
      `A token amount must be a whole number of thousandths within ±${tokenAmountMax}; received ${thousandths}.`,
    )
  }
  return thousandths === 0 ? zeroTokens : thousandths
}

export const zeroTokens = 0 as TokenAmount

/** The number of tokens that the API answers: 650 thousandths are 0.65. */
export function formatTokens(amount: TokenAmount): number {
  return amount / thousandthsPerToken
}
