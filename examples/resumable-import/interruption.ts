const REPEAT_MS = 1_000

/** 128 + SIGPIPE: what a shell reports of a program that wrote to a pipe without a reader. */
const UNREAD = 141

interface Interruption {
  signal: AbortSignal
  isUnread(): boolean
  /** Gives the exit code of the process from that of the run. */
  exitCode(code: number): number
}

/**
 * What ends a run early: Ctrl-C, or that the reader of its output has left, as `head` does. `signal` aborts, so that the
 * run can end in order. A second Ctrl-C ends the process at once; one that arrives within a second is the same key press,
 * passed on by npm or by the process that started this one.
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
