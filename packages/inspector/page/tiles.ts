import { bytes } from '../src/format.js'
import type { Overview, Part } from '../src/overview.js'
import { drawn, element, setAttributes, setText } from './dom.js'
import { count } from './format.js'
import { Rows } from './rows.js'

interface Tile {
  readonly name: string
  readonly figure: string
  readonly note?: string
  readonly alarm?: boolean
  readonly curve?: readonly number[]
}

const MOST_POINTS = 120

/** The current activity in a few figures. */
export class Tiles {
  readonly #rows: Rows<Tile>
  readonly #log: number[] = []
  #seen = 0

  constructor(parent: HTMLElement) {
    this.#rows = new Rows(parent, ({ name }) => name, makeTile)
  }

  show(overview: Overview): void {
    const { database } = overview
    if (database.walBytes !== undefined && database.at !== this.#seen) {
      this.#seen = database.at
      this.#log.push(database.walBytes)
      if (this.#log.length > MOST_POINTS) this.#log.shift()
    }
    this.#rows.show([...work(overview), ...sizes(overview, this.#log)])
  }
}

function work({ tasks, locks, circuits, claims }: Overview): Tile[] {
  const gone = locks.items.filter((lock) => lock.process?.alive === false).length
  const stuck = claims.items.filter((claim) => claim.process?.alive === false).length
  const rest = circuits.complete ? '' : '+'
  return [
    { name: 'Tasks', figure: atLeast(tasks), note: 'with checkpoints' },
    { name: 'Locks', figure: atLeast(locks), ...holders(gone, 'held in the database') },
    {
      ...{ name: 'Open circuits', figure: `${count(circuits.open)}${rest}`, alarm: circuits.open > 0 },
      note: `of ${count(circuits.read)}${rest}`,
    },
    { name: 'Work under way', figure: atLeast(claims), ...holders(stuck, 'claims') },
  ]
}

const atLeast = ({ items, more }: Part<object>): string => `${count(items.length)}${more ? '+' : ''}`

/** @param gone How many of the shown holders are processes that are gone. */
function holders(gone: number, usual: string): Pick<Tile, 'note' | 'alarm'> {
  return gone > 0 ? { note: `${count(gone)} of processes that are gone`, alarm: true } : { note: usual }
}

function sizes({ cache, database }: Overview, log: readonly number[]): Tile[] {
  const { fileBytes, walBytes } = database
  const { hits, misses, hitRatio } = database.cache
  const entries = cache.groups.reduce((sum, group) => sum + group.entries, 0)
  const asked = hits + misses
  return [
    {
      name: 'Cache entries',
      figure: `${count(entries)}${cache.partial ? '+' : ''}`,
      note: asked === 0 ? 'in the database' : `${Math.round(hitRatio * 100)} % hits in this process`,
    },
    ...(fileBytes === undefined
      ? []
      : [
          {
            name: 'File',
            figure: bytes(fileBytes),
            note: database.waiting === 1 ? '1 call waits' : `${database.waiting} calls wait`,
          },
        ]),
    ...(walBytes === undefined ? [] : [{ name: 'Log', figure: bytes(walBytes), note: 'write-ahead', curve: log }]),
  ]
}

function makeTile({ name }: Tile): { element: HTMLElement; update(tile: Tile): void } {
  const figure = element('span')
  const note = element('div', { class: 'note' })
  const line = drawn('polyline', { class: 'sparkline' })
  const curve = drawn('svg', { viewBox: '0 0 100 30', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, line)
  const tile = element('div', {}, element('dt', {}, name), element('dd', {}, figure, note))
  return {
    element: tile,
    update(now) {
      setText(figure, now.figure)
      setText(note, now.note ?? '')
      setAttributes(tile, { class: now.alarm ? 'alarm' : undefined })
      if (now.curve === undefined || now.curve.length < 2) return
      if (curve.parentNode === null) tile.append(curve)
      setAttributes(line, { points: pointsOf(now.curve) })
    },
  }
}

function pointsOf(curve: readonly number[]): string {
  const most = Math.max(1, ...curve)
  return curve
    .map((value, at) => `${((100 * at) / (curve.length - 1)).toFixed(1)},${(28 - (26 * value) / most).toFixed(1)}`)
    .join(' ')
}
