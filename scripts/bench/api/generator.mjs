import { fork } from 'node:child_process'
import path from 'node:path'

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {'GET' | 'POST' | 'PUT'} [method]
 * @property {Record<string, string>} [headers]
 * @property {string | Buffer} [body]
 * @property {number} connections
 * @property {number} seconds how long; what is under way then is broken off
 * @property {number} [amount] ends instead when so many have been answered
 *
 * @typedef {object} Measured
 * @property {number[]} milliseconds of each answer that was a success
 * @property {Record<string, number>} refused how many answers had another status
 * @property {number} seconds
 *
 * @typedef {ReturnType<typeof startGenerator>} Generator
 */

/** @param {{ toolsNode: string }} options */
export function startGenerator({ toolsNode }) {
  const child = fork(path.join(import.meta.dirname, 'generator.process.mjs'), {
    execPath: toolsNode,
    serialization: 'advanced',
  })

  return {
    pid: child.pid ?? 0,

    /** @param {Load} load @returns {Promise<Measured>} */
    async measure(load) {
      const answer = await new Promise((resolve, reject) => {
        const onExit = () => reject(new Error('The generator ended by itself.'))
        child.once('exit', onExit)
        child.once('message', (message) => {
          child.off('exit', onExit)
          resolve(message)
        })
        child.send(load)
      })
      if (answer.error) throw new Error(answer.error)
      return answer.measured
    },

    stop() {
      if (child.connected) child.disconnect()
    },
  }
}
