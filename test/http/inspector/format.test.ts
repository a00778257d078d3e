import { bytes, duration } from '@go-go-scope/persistence-inspector/format'
import { expect, test } from 'vitest'

// The page and scopedb use the same formats, so that an amount reads the same in both.
test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [102_348, '99.9 KiB'],
  [102_399, '100 KiB'],
  [1_048_000, '1023 KiB'],
  [1_048_575, '1.0 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
  [5_000 * 1024 ** 4, '5000 TiB'],
])('%d bytes are %s', (count, shown) => expect(bytes(count)).toBe(shown))

test.each([
  [-5, '0 ms'],
  [1_999.6, '2000 ms'],
  [2_000, '2 s'],
  [119_999, '120 s'],
  [120_000, '2 min'],
  [7_200_000, '2 h'],
  [172_799_999, '48 h'],
  [172_800_000, '2 d'],
])('%d ms are %s', (ms, shown) => expect(duration(ms)).toBe(shown))
