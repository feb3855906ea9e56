import type { ReceivedFile } from '../../media/received-file.ts'

/** Stores files side by side and waits for all, so that nothing is still being written when a failure is undone. */
export async function storeAll(files: readonly ReceivedFile[]): Promise<void> {
  const outcomes = await Promise.allSettled(files.map((file) => file.store()))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
