import { MOST } from '../src/lists.js'
import type { Part, Shown } from '../src/overview.js'
import { visible } from '../src/visible.js'
import type { View } from './columns.js'
import { element, setText } from './dom.js'
import { ALL } from './filter.js'
import { count } from './format.js'
import { type ActionButton, idOf, type ListOf } from './lists.js'
import { type Row, Rows } from './rows.js'

/** What a panel calls when the user presses one of its buttons. */
export interface PanelCallbacks {
  /** Absent if values are not shown. */
  readonly showValue?: (item: Shown<object>) => void
  readonly showMore?: () => void
  /** Absent if no actions are allowed. */
  readonly actions?: {
    /** Whether actions are allowed under a prefix. */
    readonly allows: (prefix: string) => boolean
    /** Asks the user to confirm. */
    readonly ask: (button: ActionButton) => void
  }
}

/** A list on the page: heading, table, and a text if it is empty. */
export class Panel<Info extends object> {
  readonly element: HTMLElement
  readonly #list: ListOf<Info>
  readonly #count: HTMLElement = element('span', { class: 'count' })
  readonly #note: HTMLElement = element('p')
  readonly #table: HTMLElement
  readonly #more: HTMLElement = element('button', { type: 'button', class: 'more' }, 'Show more')
  readonly #rows: Rows<Shown<Info>>
  readonly #callbacks: PanelCallbacks
  #view: View | undefined

  constructor(name: string, list: ListOf<Info>, callbacks: PanelCallbacks) {
    this.#list = list
    this.#callbacks = callbacks
    const labels = [list.keys, ...list.columns.map(({ label }) => label)]
    const heads = labels.map((label) => element('th', { scope: 'col', role: 'columnheader' }, label))
    if (this.#hasValues) heads.push(element('th', { scope: 'col', role: 'columnheader' }, 'Value'))
    if (this.#hasActions) heads.push(element('th', { scope: 'col', role: 'columnheader', class: 'actions' }, 'Actions'))
    const body = element('tbody', { role: 'rowgroup' })
    const table = element(
      'table',
      { role: 'table', 'aria-labelledby': `${name}-title` },
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...heads)),
      body,
    )
    this.#table = element('div', { class: 'wide' }, table)
    // The cells of an unreadable item have other content, so it gets a row of its own.
    const rowOf = (item: Shown<Info>): string => idOf(item) + (item.unreadable ?? '')
    this.#rows = new Rows(body, rowOf, (item) => this.#makeRow(item))
    this.#more.addEventListener('click', () => callbacks.showMore?.())
    const title = element('h2', {}, element('span', { id: `${name}-title` }, list.title), this.#count)
    this.element = element(
      'section',
      { class: 'panel', id: name, 'aria-labelledby': `${name}-title` },
      ...[title, this.#note, this.#table, this.#more],
    )
  }

  /** @param remark Shown below the heading. */
  show({ items, more }: Part<Info>, view: View, remark = ''): void {
    this.#view = view
    setText(this.#count, items.length === 0 ? '' : `${count(items.length)}${more ? '+' : ''}`)
    const full = more && items.length >= MOST ? 'For others, choose a prefix and how keys begin.' : ''
    setText(this.#note, [items.length === 0 ? this.#list.none : '', remark, full].join(' ').trim())
    this.#note.hidden = this.#note.textContent === ''
    this.#table.hidden = items.length === 0
    this.#more.hidden = !(more && full === '' && this.#callbacks.showMore)
    this.#rows.show(items)
  }

  get #hasValues(): boolean {
    return this.#list.values === true && this.#callbacks.showValue !== undefined
  }

  get #hasActions(): boolean {
    return this.#list.actions !== undefined && this.#callbacks.actions !== undefined
  }

  #makeRow(made: Shown<Info>): Row<Shown<Info>> {
    const { columns } = this.#list
    // Each may run from right to left, without turning the other.
    const whole = element('div', {}, element('bdi', {}, visible(made.key)))
    if (made.prefix !== '') whole.prepend(element('bdi', { class: 'prefix' }, visible(made.prefix ?? '?')))
    const name = element('th', { scope: 'row', role: 'rowheader', class: 'key' }, whole)
    const cells = columns.map(({ label, className }) =>
      element('td', { role: 'cell', 'data-label': label, class: className }),
    )
    const row = element('tr', { role: 'row' }, name, ...cells)
    if (this.#hasValues) row.append(element('td', { role: 'cell', 'data-label': 'Value' }, this.#valueButton(made)))
    const actions = element('td', { role: 'cell', 'data-label': 'Actions', class: 'actions' })
    if (this.#hasActions) row.append(actions)
    return {
      element: row,
      update: (item) => {
        this.#updateRow(item, cells)
        this.#showActions(item, actions)
      },
    }
  }

  #updateRow(item: Shown<Info>, cells: readonly HTMLElement[]): void {
    for (const [at, cell] of cells.entries()) {
      if (item.unreadable === undefined) this.#list.columns[at]?.show(cell, item, this.#view as View)
      else setText(cell, at === 0 ? `cannot be read: ${item.unreadable}` : '')
    }
  }

  /** Shows the buttons for the actions on an item. Unchanged buttons stay in place and keep the focus. */
  #showActions(item: Shown<Info>, cell: HTMLElement): void {
    const { actions } = this.#callbacks
    const allowed = item.prefix !== null && actions?.allows(item.prefix) === true
    const buttons = allowed ? (this.#list.actions?.(item, item.prefix) ?? []) : []
    const shown = JSON.stringify(buttons)
    if (cell.dataset.actions === shown) return
    cell.dataset.actions = shown
    cell.replaceChildren(
      ...buttons.map((shownButton) => {
        const label = `${shownButton.label} ${visible(item.key)}`
        const button = element('button', { type: 'button', 'aria-label': label }, shownButton.label)
        button.addEventListener('click', () => actions?.ask(shownButton))
        return button
      }),
    )
  }

  #valueButton(item: Shown<Info>): HTMLElement {
    const button = element('button', { type: 'button', 'aria-label': `Show the value of ${visible(item.key)}` }, 'Show')
    // The value of a row with an unknown prefix cannot be requested, nor with the one that stands for all.
    button.hidden = item.prefix === null || item.prefix === ALL
    button.addEventListener('click', () => this.#callbacks.showValue?.(item))
    return button
  }
}
