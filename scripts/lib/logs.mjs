import { stripVTControlCharacters } from 'node:util'

/**
 * Passes a child's lines on to the error output, each with the child's name before it. Before `open` nothing
 * is passed on: what tools say while they start matters only when the start fails.
 * @param {string} prefix
 */
export function createLog(prefix) {
  let isOpen = false
  return {
    /** @param {string} line */
    write: (line) => {
      const text = stripVTControlCharacters(line).trimEnd()
      if (isOpen && text !== '') console.error(`${prefix} | ${text}`)
    },
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
    },
  }
}
