const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** A length of time in one unit, of which there are at least two. @param ms */
export function duration(ms: number): string {
  const [size, name] = UNITS.find(([size]) => ms >= 2 * size) ?? [1_000, 's']
  return `${Math.max(0, Math.round(ms / size))} ${name}`
}

/** @param count Bytes. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  const size = count / 1024 ** power
  return `${power === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[power]}`
}

export const count = (number: number): string => number.toLocaleString('en')

/** @param percent 0 to 100. 100 only when it is all. */
export function percentage(percent: number): string {
  const shown = Math.min(100, Math.max(0, percent))
  return `${shown < 100 ? Math.floor(shown) : 100} %`
}

/** A key or prefix in one line, with what cannot be seen written out. */
export function visible(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return shown === '' ? '(empty)' : shown
}
