import { once } from 'node:events'
import { styleText } from 'node:util'
import { duration } from '@go-go-scope/persistence-inspector/format'
import stringWidth from 'string-width'
import { EXIT } from './exit-codes.js'

/** How a list is printed. */
export type Format = 'table' | 'json' | 'jsonl'

export type Style = 'bold' | 'cyan' | 'green' | 'red'

const { FORCE_COLOR, NO_COLOR } = process.env
// A terminal without colours (TERM=dumb) says so. What stands in for one in a program may not be able to.
const hasColours = process.stdout.isTTY === true && process.stdout.hasColors?.() !== false && !NO_COLOR
const colours = (FORCE_COLOR ? FORCE_COLOR !== '0' : hasColours) && !process.argv.includes('--no-color')

/** Returns text with a style if colours are on. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text) : text
}

let ending = false
let endsWithReader = true

/**
 * Ends the process when the reader of stdout has exited, as in `scopedb app.db cache | head -1`. If stdout cannot be written for
 * another reason, such as a full disk, the command fails.
 *
 * @param ends `false` for a command that prints before it changes something: it makes the change also without a reader.
 */
export function endWithReader(ends = true): void {
  endsWithReader = ends
  if (ending) return
  ending = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      if (endsWithReader) process.exit(EXIT.ok)
      return
    }
    say(`scopedb: stdout cannot be written (${error.message})`)
    process.exit(EXIT.failed)
  })
  // There is no other place to report it. Uncaught, it would replace the exit code of the command by 1.
  process.stderr.on('error', () => {})
}

/** Writes to stdout, with backpressure while its reader is needed: one that has exited never drains it. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text) && endsWithReader) await once(process.stdout, 'drain')
}

/** Prints a message, which is not data, to stderr. */
export function say(text: string): void {
  process.stderr.write(`${escapeUnseen(withoutPasswords(text))}\n`)
}

/** Removes passwords from URLs in a text, for terminals and logs. */
export function withoutPasswords(text: string): string {
  // In the URLs of other servers, a password has no slash: a key may be `https://host:443/@scope`.
  return text
    .replaceAll(/(\bpostgres\w*:\/\/[^\s:@/?]*):[^\s?]*@|(\b\w+:\/\/[^\s:@/?]*):[^\s/?]*@/gi, '$1$2@')
    .replaceAll(/password=[^\s&]*/gi, 'password=')
}

/**
 * Formats a table without borders. Each column is as wide as its widest cell. A table that is wider than the terminal becomes
 * {@link records}, because wrapped lines are taken for rows.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head.map((name) => paint('bold', name)), ...rows].map((cells) =>
    cells.map((text) => ({ text, width: widthOf(text) })),
  )
  const widths = head.map((_, at) => lines.reduce((widest, cells) => Math.max(widest, cells[at]?.width ?? 0), 0))
  const whole = widths.reduce((sum, width) => sum + GAP.length + width, -GAP.length)
  if (whole > widthOfTerminal()) return records(head, rows)
  const padded = lines.map((cells) => cells.map(({ text, width }, at) => text + ' '.repeat((widths[at] ?? 0) - width)))
  return padded.map((cells) => cells.join(GAP).trimEnd()).join('\n')
}

/** Stands between two columns. */
const GAP = '  '

/** Returns how many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  // Most texts, in a hundredth of the time. The last three are those of shortened values and of bars.
  return /^[ -~…█░]*$/.test(text) ? text.length : stringWidth(text)
}

/** Formats each row as lines of a name and a cell, without the empty cells. */
function records(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = Math.max(...head.map((name) => name.length))
  const line = (text: string, at: number): string => `${paint('bold', (head[at] ?? '').padEnd(width))}  ${text}`
  return rows.map((row) => row.flatMap((text, at) => (text === '' ? [] : [line(text, at)])).join('\n')).join('\n\n')
}

/** Returns the number of columns. A program that shows the output, such as `watch`, says it in `COLUMNS`. */
const widthOfTerminal = (): number => process.stdout.columns || Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY

/** Returns any stored value as JSON. Values that JSON lacks are shown in a readable form. */
export function toJson(value: object | string, space?: number): string
export function toJson(value: unknown, space?: number): string | undefined
export function toJson(value: unknown, space?: number): string | undefined {
  const text = JSON.stringify(value, showing(), space) as string | undefined
  return text === undefined ? undefined : escapeUnseen(text)
}

/** Characters that command a terminal, move the cursor or change the text direction. Of a text with lines the line feeds stay. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Escapes what JSON leaves unescaped, and what texts with names from a file contain, such as the messages of errors. */
export function escapeUnseen(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** Returns a replacer for `JSON.stringify`, which calls it with the object that has the member as `this`. */
function showing(): (this: unknown, key: string, value: unknown) => unknown {
  /** The objects around the member, and what is written instead of them. */
  const around: { readonly value: unknown; readonly shown: unknown }[] = []
  return function (_key, value) {
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop()
    if (typeof value !== 'object' || value === null)
      return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? `${value}` : value
    if (around.some((outer) => outer.value === value)) return '[Circular]'
    const shown = shownObject(value)
    around.push({ value, shown })
    return shown
  }
}

function shownObject(value: object): unknown {
  if (value instanceof Map || value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Error) return { code: (value as { code?: unknown }).code, message: value.message }
  return value
}

/** Words with one space between two. More spaces would look like the end of a cell, and quotes stand around escaped texts. */
const PLAIN = /^(?!")[^\s\p{Cc}\p{Cf}\ufffd]+(?: [^\s\p{Cc}\p{Cf}\ufffd]+)*$/u
/** Spaces that look like the usual one. */
const OTHER_SPACES = /(?! )\p{Zs}/gu

/** Returns a key, prefix or owner as a cell: itself, or as JSON if it could be taken for another text, or move the cursor. */
export function cell(text: string): string {
  return text === '' || PLAIN.test(text) ? text : toJson(text).replaceAll(OTHER_SPACES, escaped)
}

/** The words that stand for no prefix and for an unknown one. An app may use either as a prefix. */
const [NO_PREFIX, UNKNOWN_PREFIX] = ['(none)', '?']

/** Returns the prefix of an item as a cell. It is `null` if it is not known. */
export function prefixCell(prefix: string | null | undefined): string {
  if (prefix === NO_PREFIX || prefix === UNKNOWN_PREFIX) return toJson(prefix)
  return cell(prefix ?? UNKNOWN_PREFIX)
}

/** Returns the name of a prefix in a list of prefixes. */
export function prefixName(prefix: string): string {
  return prefix === '' ? NO_PREFIX : prefixCell(prefix)
}

/** Returns the time until or since a moment, for people. @param at Epoch ms. */
export function fromNow(at: number | undefined, now: number = Date.now()): string {
  if (at === undefined) return 'never'
  const ms = at - now
  if (Math.abs(ms) < 1_000) return 'now'
  const length = duration(Math.abs(ms))
  return ms >= 0 ? `in ${length}` : `${length} ago`
}

const BAR = 20

/** Shows a progress; the bar is full, and the figure 100, only when `percent` is. @param percent 0 to 100 */
export function progressBar(percent: number): string {
  const done = Math.floor((Math.min(100, Math.max(0, percent)) / 100) * BAR)
  return `${paint('cyan', '█'.repeat(done))}${'░'.repeat(BAR - done)} ${String(Math.floor(percent)).padStart(3)} %`
}
