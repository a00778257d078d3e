import type { Part } from '../src/overview.js'
import { visible } from '../src/visible.js'
import { byId, element } from './dom.js'

export const ALL = '*'

/** The filter for the keys that are shown. */
export class Filter {
  readonly #prefix: HTMLSelectElement = byId('prefix')
  readonly #startsWith: HTMLInputElement = byId('starts-with')
  #known = ''

  /** @param onChange Called when the filter changes. */
  constructor(onChange: () => void) {
    this.showPrefixes({ items: [], more: false })
    this.#prefix.addEventListener('change', () => {
      this.#enable()
      onChange()
    })
    this.#startsWith.addEventListener('input', onChange)
    byId('filter').addEventListener('submit', (event) => event.preventDefault())
  }

  get query(): Record<string, string> {
    const startsWith = this.#startsWith.disabled ? '' : this.#startsWith.value
    return { prefix: this.#prefix.value, ...(startsWith !== '' && { startsWith }) }
  }

  showPrefixes({ items, more }: Part<object>): void {
    const prefixes = items.map(({ prefix }) => prefix as string)
    const known = JSON.stringify([prefixes, more])
    if (known === this.#known) return
    this.#known = known
    const chosen = this.#prefix.value
    this.#prefix.replaceChildren(
      element('option', { value: ALL }, 'all'),
      // Quoted, because an app may use the name of another choice.
      ...prefixes.map((prefix) =>
        // The items of an app with the prefix `*` are only among all.
        element(
          'option',
          { value: prefix, disabled: prefix === ALL },
          prefix === '' ? '(none)' : `"${visible(prefix)}"`,
        ),
      ),
      ...(more ? [element('option', { disabled: true }, 'there are more')] : []),
    )
    this.#prefix.value = prefixes.includes(chosen) ? chosen : ALL
    this.#enable()
  }

  /** Enables the key filter, which needs a single prefix. */
  #enable(): void {
    this.#startsWith.disabled = this.#prefix.value === ALL
    this.#startsWith.placeholder = this.#startsWith.disabled ? 'choose a prefix first' : ''
  }
}
