/** 128 + SIGPIPE: what a shell reports for a program that wrote to a pipe without a reader. */
const UNREAD = 141

// The reader of our output may leave early, as `head` does. The unfinished work then counts as failed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(UNREAD)
  })
}
