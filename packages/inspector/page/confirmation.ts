import type { Action } from '../src/action.js'
import { inWords } from '../src/action-in-words.js'
import { visible } from '../src/visible.js'
import { byId, setText } from './dom.js'
import type { Offer } from './lists.js'

/** Names what a change will do, and has it done when somebody says so. */
export class Confirmation {
  readonly #dialog: HTMLDialogElement = byId('change')
  readonly #wrong: HTMLElement = byId('change-wrong')
  readonly #button: HTMLButtonElement = byId('change-do')
  readonly #order: (action: Action) => Promise<string>
  #offer: Offer | undefined

  /** @param order Has it done. @returns what is so then. */
  constructor(order: (action: Action) => Promise<string>) {
    this.#order = order
    this.#button.addEventListener('click', () => void this.#confirmed())
  }

  ask(offer: Offer): void {
    this.#offer = offer
    setText(byId('change-what'), `This will ${inWords(offer.action, visible)}.`)
    setText(this.#wrong, '')
    setText(this.#button, offer.label)
    this.#button.disabled = false
    this.#dialog.showModal()
  }

  async #confirmed(): Promise<void> {
    if (this.#offer === undefined) return
    // Once: a second press would be of what nobody has seen.
    this.#button.disabled = true
    try {
      const done = await this.#order(this.#offer.action)
      this.#dialog.close()
      setText(byId('done'), `Done: ${done}.`)
    } catch (error) {
      setText(this.#wrong, error instanceof Error ? error.message : String(error))
    }
  }
}
