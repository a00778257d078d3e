const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** Returns a duration in the largest unit that gives at least 2. @param ms */
export function duration(ms: number): string {
  const [size, name] = UNITS.find(([size]) => ms >= 2 * size) ?? [1, 'ms']
  return `${Math.max(0, Math.round(ms / size))} ${name}`
}

/** @param count Bytes. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [size, power] = [count, 0]
  // A value that would round up to the next unit is shown in that unit.
  for (; Math.round(size) >= 1024 && power < units.length - 1; power++) size /= 1024
  return `${power === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[power]}`
}
