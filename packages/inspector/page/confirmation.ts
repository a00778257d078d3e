import type { Action } from '../src/action.js'
import { inWords } from '../src/action-in-words.js'
import { visible } from '../src/visible.js'
import { byId, setText } from './dom.js'
import type { Offer } from './lists.js'

/** A dialog that describes a change and makes it when the user confirms. */
export class Confirmation {
  readonly #dialog: HTMLDialogElement = byId('change')
  readonly #wrong: HTMLElement = byId('change-wrong')
  readonly #button: HTMLButtonElement = byId('change-do')
  readonly #order: (action: Action) => Promise<string>
  #offer: Offer | undefined

  /** @param order Makes the change and returns the result, for people. */
  constructor(order: (action: Action) => Promise<string>) {
    this.#order = order
    this.#button.addEventListener('click', () => void this.#confirmed())
  }

  ask(offer: Offer): void {
    this.#offer = offer
    setText(byId('done'), '')
    setText(byId('change-what'), `This will ${inWords(offer.action, visible)}.`)
    setText(this.#wrong, '')
    setText(this.#button, offer.label)
    this.#button.disabled = false
    this.#dialog.showModal()
  }

  async #confirmed(): Promise<void> {
    if (this.#offer === undefined) return
    // Only once, because a second press would act on something that the user has not seen.
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
