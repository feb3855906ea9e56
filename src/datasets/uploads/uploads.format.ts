import { formatTokens, type TokenAmount } from '../../ledger/amounts.ts'

/** What a request is answered that has brought items. */
export function formatStored(stored: {
  processedItems: number
  spent: TokenAmount
  balance: TokenAmount
}) {
  const spent = formatTokens(stored.spent)
  const balance = formatTokens(stored.balance)
  return {
    success: true as const,
    message: 'Data uploaded and processed successfully',
    processedItems: stored.processedItems,
    tokenSpent: spent,
    userTokens: balance,
    tokenUsage: {
      tokensSpent: spent,
      remainingBalance: balance,
      operationType: 'dataset_upload' as const,
    },
  }
}
