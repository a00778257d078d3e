import { byId, setText } from './dom.js'

const STORED = `inspector ${location.pathname}`

/** The token, from the fragment of the address, from this tab's storage, or from the user. */
export class Access {
  #token: string | null
  readonly #form: HTMLElement = byId('access')
  readonly #refused: HTMLElement = byId('refused')
  readonly #content: HTMLElement = byId('content')

  /** @param onToken Called when there is another token. */
  constructor(onToken: () => void) {
    this.#token = sessionStorage.getItem(STORED)
    this.#takeFromAddress()
    // The address of a restarted server differs only in its fragment, so a tab that shows the page does not load it again.
    addEventListener('hashchange', () => {
      if (this.#takeFromAddress()) onToken()
    })
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      const input = byId<HTMLInputElement>('token')
      this.#keep(input.value.trim())
      input.value = ''
      onToken()
    })
  }

  get headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
  }

  /** Hides the lists, and asks for the token if the page uses one. @param why The server's message. */
  refuse(why: string): void {
    this.#content.hidden = true
    if (document.documentElement.dataset.access !== 'token') {
      this.#refused.hidden = false
      return
    }
    setText(byId('access-wrong'), this.#token === null ? '' : why)
    this.#form.hidden = false
    byId('token').focus()
  }

  admit(): void {
    this.#form.hidden = true
    this.#refused.hidden = true
    this.#content.hidden = false
  }

  /** Returns whether the address had a token. */
  #takeFromAddress(): boolean {
    // A plus is itself, as in base64, and not a space as in a form.
    const token = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B')).get('token')
    if (token === null) return false
    // So that it is in no history and no screenshot.
    history.replaceState(null, '', location.pathname)
    this.#keep(token)
    return true
  }

  /** The tab keeps the token for a reload. */
  #keep(token: string): void {
    this.#token = token
    sessionStorage.setItem(STORED, token)
  }
}
