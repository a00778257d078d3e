const MOUNT_POINT = 4
const DEVICE = 2

/**
 * The device of the file system that has `path`, as the list of all locks writes it: `major:minor`, in hex. What `stat` gives is
 * another one on some file systems (Btrfs, overlays).
 *
 * @param path Without links.
 * @param mounts proc_pid_mountinfo(5): lines of `id parent device root point …`, the numbers of the device in decimal.
 * @returns `undefined` where no mount has it.
 */
export function deviceOf(path: string, mounts: string): string | undefined {
  let longest = -1
  let device: string | undefined
  for (const line of mounts.split('\n')) {
    const fields = line.split(' ')
    const point = fields[MOUNT_POINT]?.replace(/\\(\d{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    // Of two at one place the later one is seen.
    if (point === undefined || point.length < longest || !isWithin(path, point)) continue
    longest = point.length
    device = fields[DEVICE]?.split(':').map(inHex).join(':')
  }
  return device
}

function isWithin(path: string, point: string): boolean {
  return path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`)
}

function inHex(decimal: string): string {
  return Number(decimal).toString(16).padStart(2, '0')
}
