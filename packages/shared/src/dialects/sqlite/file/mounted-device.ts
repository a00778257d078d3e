interface Mount {
  readonly id: string
  readonly parent: string
  readonly point: string
  /** `major:minor`, in hex. */
  readonly device: string
}

/**
 * Returns the device of the file system that contains `path`, in the form of /proc/locks: `major:minor`, in hex. The device from
 * `stat` differs on some file systems (Btrfs, overlays).
 *
 * @param path Without links.
 * @param mounts proc_pid_mountinfo(5): lines of `id parent device root point …`, with the numbers of the device in decimal.
 * @returns `undefined` when no mount contains it.
 */
export function deviceOf(path: string, mounts: string): string | undefined {
  let left = mounts
    .split('\n')
    .flatMap(mountOf)
    .filter(({ point }) => isWithin(path, point))
  const ids = new Set(left.map(({ id }) => id))
  let found: Mount | undefined
  for (;;) {
    // Like the path walk of the kernel: a mount hides the former content of its mount point, including the mounts below it.
    const on = left.filter(({ id, parent }) => (found ? parent === found.id : !ids.has(parent) || parent === id))
    const next = on.reduce<Mount | undefined>(
      (first, one) => (first && first.point.length <= one.point.length ? first : one),
      undefined,
    )
    if (next === undefined) return found?.device
    found = next
    left = left.filter((mount) => mount !== next)
  }
}

function mountOf(line: string): Mount[] {
  const [id, parent, device, , place] = line.split(' ')
  if (id === undefined || parent === undefined || device === undefined || place === undefined) return []
  const point = place.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
  return [{ id, parent, point, device: device.split(':').map(inHex).join(':') }]
}

function isWithin(path: string, point: string): boolean {
  return path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`)
}

function inHex(decimal: string): string {
  return Number(decimal).toString(16).padStart(2, '0')
}
