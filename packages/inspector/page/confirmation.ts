import type { Action } from '../src/action.js'
import { inWords } from '../src/action-in-words.js'
import { visible } from '../src/visible.js'
import { byId, setText } from './dom.js'
import type { ActionButton } from './lists.js'

/** A dialog that describes an action and performs it when the user confirms. */
export class Confirmation {
  readonly #dialog: HTMLDialogElement = byId('action')
  readonly #wrong: HTMLElement = byId('action-wrong')
  readonly #button: HTMLButtonElement = byId('action-do')
  readonly #perform: (action: Action) => Promise<string>
  #action: Action | undefined

  /** @param perform Performs the action and returns the result, for people. */
  constructor(perform: (action: Action) => Promise<string>) {
    this.#perform = perform
    this.#button.addEventListener('click', () => void this.#confirmed())
  }

  ask({ label, action }: ActionButton): void {
    this.#action = action
    setText(byId('done'), '')
    setText(byId('action-what'), `This will ${inWords(action, visible)}.`)
    setText(this.#wrong, '')
    setText(this.#button, label)
    this.#button.disabled = false
    this.#dialog.showModal()
  }

  async #confirmed(): Promise<void> {
    if (this.#action === undefined) return
    // Only once, because a second press would act on something that the user has not seen.
    this.#button.disabled = true
    try {
      const done = await this.#perform(this.#action)
      this.#dialog.close()
      setText(byId('done'), `Done: ${done}.`)
    } catch (error) {
      setText(this.#wrong, error instanceof Error ? error.message : String(error))
    }
  }
}
