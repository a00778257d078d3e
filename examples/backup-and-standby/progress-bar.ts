import type { CopyProgress } from '@go-go-scope/persistence-sqlite-node'

const WIDTH = 30

/** A progress bar in one line. It is redrawn on a terminal; elsewhere it is printed once, when it is full. */
export class ProgressBar {
  #full = false

  show({ totalPages, remainingPages }: CopyProgress): void {
    if (this.#full) return
    this.#full = remainingPages === 0
    const done = 1 - remainingPages / totalPages
    const filled = Math.floor(done * WIDTH)
    const line = `   [${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${Math.floor(done * 100)} %`
    if (process.stdout.isTTY) process.stdout.write(`\r${line}${this.#full ? '\n' : ''}`)
    else if (this.#full) console.log(line)
  }
}
