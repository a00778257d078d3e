import type { Part } from '../src/overview.js'
import { visible } from '../src/visible.js'
import { byId, element } from './dom.js'

const ALL = '*'
const [ALL_PREFIXES, NO_PREFIX] = ['all', '(none)']

/** The filter for the keys that are shown. */
export class Filter {
  readonly #prefix: HTMLSelectElement = byId('prefix')
  readonly #startsWith: HTMLInputElement = byId('starts-with')
  #known = ''

  /** @param onChange Called when the filter changes. */
  constructor(onChange: () => void) {
    this.#showPrefixes([])
    this.#prefix.addEventListener('change', () => {
      this.#enable()
      onChange()
    })
    this.#startsWith.addEventListener('input', onChange)
    byId('filter').addEventListener('submit', (event) => event.preventDefault())
    this.#enable()
  }

  get query(): Record<string, string> {
    const startsWith = this.#startsWith.disabled ? '' : this.#startsWith.value
    return { prefix: this.#prefix.value, ...(startsWith !== '' && { startsWith }) }
  }

  showPrefixes({ items, more }: Part<object>): void {
    const prefixes = items.map(({ prefix }) => prefix).filter((prefix) => prefix !== null)
    if (JSON.stringify([prefixes, more]) !== this.#known) this.#showPrefixes(prefixes, more)
  }

  #showPrefixes(prefixes: readonly string[], more = false): void {
    this.#known = JSON.stringify([prefixes, more])
    const chosen = this.#prefix.value
    this.#prefix.replaceChildren(
      element('option', { value: ALL }, ALL_PREFIXES),
      ...prefixes.map((prefix) => element('option', { value: prefix }, nameOf(prefix))),
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

/** Quotes a prefix that is written like one of the other choices. */
function nameOf(prefix: string): string {
  if (prefix === ALL_PREFIXES || prefix === NO_PREFIX || prefix.startsWith('"')) return `"${visible(prefix)}"`
  return prefix === '' ? NO_PREFIX : visible(prefix)
}
