/** 128 + SIGPIPE: the exit code that a shell reports for a program that wrote to a closed pipe. */
export const UNREAD = 141

// The reader of the output may exit early, as `head` does. End silently then, like other programs.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(UNREAD)
})
