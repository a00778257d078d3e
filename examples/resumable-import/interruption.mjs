const REPEAT_MS = 1_000

/**
 * A signal that aborts at the first Ctrl-C, so that the run can end in order. A second Ctrl-C ends the process at once;
 * one that arrives within a second is the same key press, passed on by npm or by the process that started this one.
 *
 * @returns {AbortSignal}
 */
export function interruption() {
  const controller = new AbortController()
  let firstAt = 0
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now()
        controller.abort(new Error('the import was interrupted'))
      } else if (performance.now() - firstAt > REPEAT_MS) {
        process.exit(130)
      }
    })
  }
  return controller.signal
}
