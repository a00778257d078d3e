import type { OwnerProcess } from '@go-go-scope/persistence-core/public'
import { duration } from '../src/format.js'
import type { Shown } from '../src/overview.js'
import { visible } from '../src/visible.js'
import type { CircuitHistory } from './circuit-history.js'
import { element, setAttributes, setText } from './dom.js'
import { percentage } from './format.js'

/** The data that cells use besides their item. */
export interface View {
  /** Epoch ms on the server. */
  readonly now: number
  readonly history: CircuitHistory
}

/** A column of a list. */
export interface Column<Info> {
  readonly label: string
  readonly className?: string
  show(cell: HTMLElement, item: Shown<Info>, view: View): void
}

/** Returns a column of text. Cells without a value are empty. */
export function text<Info>(
  label: string,
  className: string,
  of: (item: Shown<Info>, view: View) => string | undefined,
): Column<Info> {
  return { label, className, show: (cell, item, view) => setText(cell, of(item, view) ?? '') }
}

type Mood = 'good' | 'warn' | 'bad'

/** Returns a column with a highlighted word. */
export function badge<Info>(
  label: string,
  of: (item: Shown<Info>) => readonly [word: string, mood: Mood],
): Column<Info> {
  return {
    label,
    show(cell, item) {
      const [word, mood] = of(item)
      const shown = cell.firstElementChild ?? cell.appendChild(element('span'))
      setAttributes(shown, { class: `badge ${mood}` })
      setText(shown, word)
    },
  }
}

/** Returns a column of progress, 0 to 100. */
export function progress<Info>(label: string, of: (item: Shown<Info>) => number | undefined): Column<Info> {
  return {
    label,
    show(cell, item) {
      const percent = of(item)
      if (percent !== undefined) showBar(cell, percent, `Progress of ${visible(item.key)}`, percentage(percent))
    },
  }
}

/** Shows a bar with a figure next to it. @param percent 0 to 100 */
export function showBar(cell: HTMLElement, percent: number, label: string, figure: string): void {
  if (cell.firstElementChild === null) {
    cell.append(element('div', { class: 'bar' }, element('progress', { max: 100 }), element('span')))
  }
  const [bar, text] = cell.querySelectorAll<HTMLElement>('progress, span')
  setAttributes(bar as HTMLElement, { value: percent, 'aria-label': label })
  setText(text as HTMLElement, figure)
}

/** Returns a column of owners: the process if known, else the owner's name. */
export function owner<Info extends { owner: string; process?: OwnerProcess }>(label: string): Column<Info> {
  return {
    label,
    className: 'owner',
    show(cell, item) {
      if (cell.firstElementChild === null) cell.append(element('div', {}, element('span'), element('small')))
      const [name, more] = cell.querySelectorAll<HTMLElement>('span, small')
      const { owner = '', process } = item as Partial<{ owner: string; process: OwnerProcess }>
      setText(name as HTMLElement, process === undefined ? visible(owner) : `${process.host}, process ${process.pid}`)
      setText(more as HTMLElement, process === undefined ? '' : conditionOf(process))
      setAttributes(more as HTMLElement, { class: process?.alive === false ? 'gone' : undefined })
    },
  }
}

function conditionOf({ alive }: OwnerProcess): string {
  if (alive === undefined) return 'on another host'
  return alive ? 'runs on the host of this page' : 'is gone; free when its lease ends'
}

/** @param at Epoch ms. */
export const since = (at: number | undefined, { now }: View): string | undefined =>
  at === undefined ? undefined : now - at < 2_000 ? 'just now' : `${duration(now - at)} ago`

/** @param at Epoch ms; `undefined` for never. */
export const until = (at: number | undefined, { now }: View): string =>
  at === undefined ? 'never' : `in ${duration(at - now)}`

/** @param at Epoch ms; `undefined` for no end. */
export const left = (at: number | undefined, { now }: View): string =>
  at === undefined ? 'no end' : `${duration(at - now)} left`
