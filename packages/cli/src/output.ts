import { once } from 'node:events'
import { styleText } from 'node:util'
import { duration } from '@go-go-scope/persistence-inspector/format'
import Table from 'cli-table3'
import { EXIT } from './exit-codes.js'

/** How a list is printed. */
export type Format = 'table' | 'json' | 'jsonl'

export type Style = 'bold' | 'cyan' | 'green' | 'red'

const colours =
  process.stdout.isTTY === true && process.env.NO_COLOR === undefined && !process.argv.includes('--no-color')

/** Text in a colour, where it goes to a terminal that shall have some. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text) : text
}

let ending = false

/**
 * `scopedb app.db cache | head -1` ends as any command does whose reader has gone; where stdout cannot be written for another
 * reason, as on a full disk, the command has failed.
 */
export function endWithReader(): void {
  if (ending) return
  ending = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    say(`scopedb: stdout cannot be written (${error.message})`)
    process.exit(EXIT.failed)
  })
}

/** Writes to stdout, and waits while its reader is slower. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Says something that is no data. */
export function say(text: string): void {
  process.stderr.write(`${withoutPasswords(text)}\n`)
}

/** URLs without the passwords in them, for terminals and logs. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/(\bpostgres(?:ql)?:\/\/[^\s:@/]*):[^\s@/]*@/g, '$1@')
}

/** A table without rules, each column as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
  const chars = Object.fromEntries(
    [...none, 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'].map((at) => [at, '']),
  )
  const made = new Table({
    chars: { ...chars, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    head: head.map((name) => paint('bold', name)),
  })
  made.push(...rows.map((row) => [...row]))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** JSON of any stored value: what JSON lacks is shown in a form that can be read. */
export function toJson(value: object | string, space?: number): string
export function toJson(value: unknown, space?: number): string | undefined
export function toJson(value: unknown, space?: number): string | undefined {
  return (JSON.stringify(value, showing, space) as string | undefined)?.replaceAll(UNSEEN, escaped)
}

/** What moves the cursor or turns the direction of a text, and which JSON leaves as it is. */
const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

function showing(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return [...value]
  if (value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Error) return { code: (value as { code?: unknown }).code, message: value.message }
  return value
}

/** A key, a prefix or an owner as a cell: what would end the line or move the cursor is escaped. */
export function cell(text: string): string {
  return /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]*$/u.test(text) ? text : toJson(text)
}

/** How long until or since a moment. @param at Epoch ms. */
export function fromNow(at: number | undefined, now: number = Date.now()): string {
  if (at === undefined) return 'never'
  const ms = at - now
  if (Math.abs(ms) < 1_000) return 'now'
  const length = duration(Math.abs(ms))
  return ms >= 0 ? `in ${length}` : `${length} ago`
}

const BAR = 20

/** @param percent 0 to 100 */
export function progressBar(percent: number): string {
  const done = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR)
  return `${paint('cyan', '█'.repeat(done))}${'░'.repeat(BAR - done)} ${percent.toFixed(0).padStart(3)} %`
}
