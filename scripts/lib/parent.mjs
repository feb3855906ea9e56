const lookEveryMs = 500

/**
 * Calls back once when the process that started this one has ended: an `npm` that is killed outright passes no signal on.
 * @param {() => void} callback
 */
export function whenParentIsGone(callback) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    callback()
  }, lookEveryMs)
  timer.unref()
}
