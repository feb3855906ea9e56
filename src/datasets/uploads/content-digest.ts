import { createHash, type Hash } from 'node:crypto'

/**
 * Stands for what an upload sends: names, file names and bytes, in their order, and not the boundary between them, which
 * differs each time that a client sends a form. The bytes are hashed as they pass.
 */
export class ContentDigest {
  readonly #parts: { readonly facts: readonly string[]; readonly hash: Hash }[] = []

  addField(name: string, value: string): void {
    this.#begin('field', name).update(value)
  }

  /** A file whose bytes go into what it answers. */
  beginFile(name: string, fileName: string): Hash {
    return this.#begin('file', name, fileName)
  }

  /** The digest of all parts, once each was read to its end; to be called once. */
  finish(): string {
    const parts = this.#parts.map(({ facts, hash }) => [...facts, hash.digest('hex')])
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  }

  #begin(...facts: string[]): Hash {
    const hash = createHash('sha256')
    this.#parts.push({ facts, hash })
    return hash
  }
}
