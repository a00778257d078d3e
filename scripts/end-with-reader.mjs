/** 128 + SIGPIPE: what a shell reports of a program that wrote to a pipe without a reader. */
const UNREAD = 141

// The reader of our output may leave before the end, as `head` does. What was not done then has not succeeded either.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(UNREAD)
  })
}
