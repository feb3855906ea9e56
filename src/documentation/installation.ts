import type { Settings } from '../config.ts'
import type { TokenAmount } from '../ledger/amounts.ts'
import type { PricePlan } from '../ledger/pricing.ts'
import { initialGrant } from '../users/open-accounts.ts'

/** What the pages tell of the server that they are read on. */
export interface Installation {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly pricePlan: PricePlan
  /** What a new account holds. */
  readonly grant: TokenAmount
  readonly settings: Settings
}

export function describeInstallation(services: {
  readonly settings: Settings
  readonly pricePlan: PricePlan
}): Installation {
  const { settings, pricePlan } = services
  return { baseUrl: settings.PUBLIC_BASE_URL, pricePlan, settings, grant: initialGrant }
}
