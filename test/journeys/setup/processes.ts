import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whether the processes of a system can be told from others here; elsewhere only its ports are looked at. */
export const canListProcesses = existsSync('/proc/self/environ')

/** The processes that carry the state folder in their arguments or their environment, by id. */
export function listProcesses(stateFolder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) =>
      ['cmdline', 'environ'].some((file) => readProcess(id, file).includes(stateFolder)),
    )
    .map(Number)
}

/** Waits until no process of the system is left, or the time is over; answers those that are. */
export async function waitForNoProcess(stateFolder: string, timeoutMs: number): Promise<number[]> {
  const deadlineMs = Date.now() + timeoutMs
  while (listProcesses(stateFolder).length > 0 && Date.now() < deadlineMs) await sleep(100)
  return listProcesses(stateFolder)
}

function readProcess(id: string, file: string): string {
  try {
    return readFileSync(`/proc/${id}/${file}`, 'latin1')
  } catch {
    return ''
  }
}
