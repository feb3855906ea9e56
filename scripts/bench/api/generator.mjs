import { fork } from 'node:child_process'
import path from 'node:path'
import { Refusal } from '../../lib/say.mjs'

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {'GET' | 'POST'} [method]
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {number} connections
 * @property {number} seconds
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
  })

  return {
    pid: child.pid ?? 0,

    /** Throws a Refusal where any answer was no success. @param {Load} load @returns {Promise<Measured>} */
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
      const refused = Object.entries(answer.measured.refused)
      if (refused.length > 0) {
        const told = refused.map(([status, count]) => `${count} × ${status}`).join(', ')
        throw new Refusal(`${load.method ?? 'GET'} ${load.url} was answered ${told}.`)
      }
      return answer.measured
    },

    stop() {
      if (child.connected) child.disconnect()
    },
  }
}
