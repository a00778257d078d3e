import { byId, setAttributes, setText } from './dom.js'
import { NotGivenError } from './server.js'

const EVERY_MS = 1_000
const LONGEST_MS = 15_000
/** How much longer than a poll the pause after it is: to show the sizes of many values of 10 MB, the server reads them all. */
const PAUSE_PER_POLL = 4

/** Polls while the page is visible. The next poll starts after the last one has ended. */
export class Live {
  readonly #look: () => Promise<void>
  readonly #pause: HTMLElement = byId('pause')
  #timer: ReturnType<typeof setTimeout> | undefined
  #looking = false
  #again = false
  #paused = false
  #failures = 0

  /** @param look One poll. Throws if it got no data. */
  constructor(look: () => Promise<void>) {
    this.#look = look
    this.#pause.addEventListener('click', () => {
      this.#paused = !this.#paused
      setAttributes(this.#pause, { 'aria-pressed': String(this.#paused) })
      setText(this.#pause, this.#paused ? 'Go on' : 'Pause')
      if (this.#paused) {
        clearTimeout(this.#timer)
        this.#tellState()
      } else this.now()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer)
      else if (!this.#paused) this.now()
    })
  }

  /** Polls at once. */
  now(): void {
    clearTimeout(this.#timer)
    if (this.#looking) this.#again = true
    else void this.#lookOnce()
  }

  async #lookOnce(): Promise<void> {
    this.#looking = true
    let refused = false
    const started = performance.now()
    try {
      await this.#look()
      this.#failures = 0
      this.#pause.hidden = false
      this.#tellState()
    } catch (error) {
      this.#failures++
      // Polling again would be refused again.
      refused = error instanceof NotGivenError && error.refused
      this.#tell(error instanceof Error ? error.message : String(error), 'failing')
    }
    this.#looking = false
    if (this.#again) {
      this.#again = false
      void this.#lookOnce()
    } else if (!this.#paused && !refused && !document.hidden) {
      const pause = PAUSE_PER_POLL * (performance.now() - started)
      const wait = Math.min(LONGEST_MS, Math.max(EVERY_MS * 2 ** this.#failures, pause))
      this.#timer = setTimeout(() => this.now(), wait)
    }
  }

  #tellState(): void {
    if (this.#paused) this.#tell('Paused', 'paused')
    else this.#tell('Live', 'live')
  }

  /** Sets the status only if it changed, because screen readers announce it. */
  #tell(text: string, state: string): void {
    const status = byId('status')
    setText(status, text)
    setAttributes(status, { 'data-state': state })
  }
}
