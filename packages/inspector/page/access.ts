import { byId, setText } from './dom.js'

const STORED = `inspector ${location.pathname}`

/** The token, from the fragment of the address, from this tab's storage, or from the user. */
export class Access {
  #token: string | null
  readonly #form: HTMLElement = byId('access')
  readonly #content: HTMLElement = byId('content')

  /** @param onToken Called when a token was entered. */
  constructor(onToken: () => void) {
    const given = new URLSearchParams(location.hash.slice(1)).get('token')
    if (given !== null) {
      // Removed from the address, so that it is in no history and no screenshot. The tab keeps it for a reload.
      history.replaceState(null, '', location.pathname)
      sessionStorage.setItem(STORED, given)
    }
    this.#token = given ?? sessionStorage.getItem(STORED)
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      const input = byId<HTMLInputElement>('token')
      this.#token = input.value.trim()
      sessionStorage.setItem(STORED, this.#token)
      input.value = ''
      onToken()
    })
  }

  get headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
  }

  /** Hides the lists and asks for the token, if the page uses one. @param why The server's message. */
  refuse(why: string): void {
    const first = this.#token === null
    this.#content.hidden = true
    setText(byId('access-wrong'), first ? '' : why)
    if (document.documentElement.dataset.access !== 'token') return
    this.#form.hidden = false
    byId('token').focus()
  }

  admit(): void {
    this.#form.hidden = true
    this.#content.hidden = false
  }
}
