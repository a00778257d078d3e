const REPEAT_MS = 1_000

/** 128 + SIGPIPE: the exit code that a shell reports for a program that wrote to a closed pipe. */
const UNREAD = 141

interface Interruption {
  signal: AbortSignal
  isUnread(): boolean
  /** Returns the exit code of the process for that of the run. */
  exitCode(code: number): number
}

/**
 * Handles the early end of a run: Ctrl-C, or a closed output pipe, as with `head`. `signal` aborts, so that the run can end
 * cleanly. A second Ctrl-C ends the process at once. One within a second is ignored, because it is the same key press,
 * forwarded by npm or by the parent process.
 */
export function interruption(): Interruption {
  const controller = new AbortController()
  let firstAt = 0
  let unread = false
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now()
        controller.abort(new Error('the import was interrupted'))
      } else if (performance.now() - firstAt > REPEAT_MS) {
        process.exit(130)
      }
    })
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      unread = true
      controller.abort(new Error('the output has no reader any more'))
    })
  }
  return { signal: controller.signal, isUnread: () => unread, exitCode: (code) => (unread ? UNREAD : code) }
}
