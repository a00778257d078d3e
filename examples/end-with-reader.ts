/** 128 + SIGPIPE: what a shell reports of a program that wrote to a pipe without a reader. */
export const UNREAD = 141

// The reader of the output may leave before the end, as `head` does: end without a word, as other programs do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(UNREAD)
})
