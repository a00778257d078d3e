import type { EventOf } from './event.ts'
import { formatDuration } from './format-duration.ts'
import { formatNumber } from './format-number.ts'

const BAR_CELLS = 28
const REDRAW_MS = 50
const PLAIN_STEP_PERCENT = 20

/** The progress of a run: a bar that is redrawn on a terminal, elsewhere an occasional line. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  readonly #indent: string
  #drawn = false
  #drawnAt = Number.NEGATIVE_INFINITY
  #printedStep = 0

  constructor(stream: NodeJS.WriteStream, indent: string) {
    this.#stream = stream
    this.#indent = indent
  }

  /** `elapsed` is ms since `from`. */
  update({ done, from, total, elapsed }: Omit<EventOf<'progress'>, 'type'>): void {
    const percent = (100 * done) / total
    const rate = (1000 * (done - from)) / elapsed
    const left = done === total ? 'done' : `${formatDuration((1000 * (total - done)) / rate)} left`
    const text = `${formatNumber(done)} of ${formatNumber(total)} cities, ${formatNumber(rate)}/s, ${left}`
    if (this.#stream.isTTY) this.#draw(`${bar(percent)} ${percent.toFixed(0).padStart(3)} %  ${text}`, done === total)
    else this.#print(percent, (100 * from) / total, text)
  }

  /** Keeps the bar. Later output begins below it. */
  end(): void {
    if (this.#drawn) this.#stream.write('\n')
    this.#drawn = false
    this.#drawnAt = Number.NEGATIVE_INFINITY
    this.#printedStep = 0
  }

  #draw(text: string, always: boolean): void {
    const now = performance.now()
    if (!always && now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#drawn = true
    const width = this.#stream.columns || 100
    // A line that wraps cannot be redrawn in place.
    this.#stream.write(`\r\x1b[2K${(this.#indent + text).slice(0, width - 1)}`)
  }

  #print(percent: number, fromPercent: number, text: string): void {
    const step = Math.floor(percent / PLAIN_STEP_PERCENT)
    const passed = Math.max(this.#printedStep, Math.floor(fromPercent / PLAIN_STEP_PERCENT))
    if (step <= passed) return
    this.#printedStep = step
    this.#stream.write(`${this.#indent}${percent.toFixed(0).padStart(3)} %  ${text}\n`)
  }
}

function bar(percent: number): string {
  const full = Math.floor((BAR_CELLS * percent) / 100)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`
}
