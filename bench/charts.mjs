import { round, short } from './names.mjs'

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 } .heading { font-weight: 600 } .quiet { fill: #59636e }
  .axis { stroke: #d1d9e0 } .ours { fill: #0969da } .limit { fill: #8c959f } .obvious { fill: #c4cbd2 } .peer { fill: #d4a72c }
  .line { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .quiet { fill: #9198a1 } .axis { stroke: #3d444d } .ours { fill: #4493f8 } .obvious { fill: #59636e } }
</style>`
const LINES = ['#0969da', '#bf3989', '#1a7f37', '#d4a72c', '#8250df']

/**
 * Draws horizontal bars in panels.
 *
 * @param {string} title
 * @param {{ heading: string, bars: { name: string, kind: 'ours' | 'limit' | 'obvious' | 'peer', value: number }[] }[]} panels
 */
export function barChart(title, panels) {
  const left = 170
  const width = 720
  const body = []
  let y = 48
  for (const { heading, bars } of panels) {
    body.push(`<text class="heading" x="8" y="${y}">${escapeXml(heading)}</text>`)
    y += 10
    const most = Math.max(...bars.map(({ value }) => value))
    for (const { name, kind, value } of bars) {
      const length = Math.max(1, (value / most) * (width - left - 80))
      body.push(
        `<text class="quiet" x="${left - 8}" y="${y + 12}" text-anchor="end">${escapeXml(name)}</text>`,
        `<rect class="${kind}" x="${left}" y="${y + 1}" width="${length.toFixed(1)}" height="14" rx="2"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${short(value)}</text>`,
      )
      y += 18
    }
    y += 26
  }
  return svg(title, width, y - 10, body)
}

/**
 * Draws lines in panels side by side; both axes are logarithmic.
 *
 * @param {string} title
 * @param {string} xTitle
 * @param {{ heading: string, lines: { name: string, points: [number, number][] }[] }[]} panels
 */
export function lineChart(title, xTitle, panels) {
  const columns = Math.min(panels.length, 2)
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const plot = { width: 300, height: 150 }
  const cell = { width: plot.width + 60, height: plot.height + 70 }
  const body = names.map((name, at) => {
    const x = 8 + (at * (columns * cell.width)) / names.length
    return `<rect x="${x}" y="34" width="12" height="4" fill="${LINES[at]}"/><text class="quiet" x="${x + 16}" y="40">${escapeXml(name)}</text>`
  })
  for (const [at, panel] of panels.entries()) {
    body.push(
      `<g transform="translate(${(at % columns) * cell.width + 48} ${Math.floor(at / columns) * cell.height + 76})">${plotOf(panel, plot, names, xTitle)}</g>`,
    )
  }
  return svg(title, columns * cell.width + 10, 70 + Math.ceil(panels.length / columns) * cell.height, body)
}

function plotOf({ heading, lines }, { width, height }, names, xTitle) {
  const points = lines.flatMap((line) => line.points)
  const [xFrom, xTo] = extent(points.map(([x]) => x))
  const [low, high] = extent(points.map(([, y]) => y))
  // At least one decade, so that a flat line looks flat.
  const yFrom = 10 ** Math.floor(Math.log10(low))
  const yTo = Math.max(yFrom * 10, 10 ** Math.ceil(Math.log10(high)))
  const place = (value, from, to, length) =>
    to === from ? 0 : ((Math.log10(value) - Math.log10(from)) / (Math.log10(to) - Math.log10(from))) * length
  const x = (value) => place(value, xFrom, xTo, width)
  const y = (value) => height - place(value, yFrom, yTo, height)
  const parts = [`<text class="heading" x="0" y="-8">${escapeXml(heading)}</text>`]
  for (let tick = yFrom; tick <= yTo; tick *= 10) {
    parts.push(
      `<line class="axis" x1="0" x2="${width}" y1="${y(tick)}" y2="${y(tick)}"/><text class="quiet" x="-6" y="${y(tick) + 4}" text-anchor="end">${round(tick)}</text>`,
    )
  }
  for (const value of [...new Set(points.map(([at]) => at))])
    parts.push(`<text class="quiet" x="${x(value)}" y="${height + 16}" text-anchor="middle">${round(value)}</text>`)
  parts.push(`<text class="quiet" x="${width / 2}" y="${height + 32}" text-anchor="middle">${escapeXml(xTitle)}</text>`)
  for (const { name, points: own } of lines) {
    const path = own
      .map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('')
    parts.push(`<path class="line" stroke="${LINES[names.indexOf(name)]}" d="${path}"/>`)
  }
  return parts.join('')
}

const extent = (values) => [Math.min(...values), Math.max(...values)]

function svg(title, width, height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
${STYLE}
<text class="heading" x="8" y="20">${escapeXml(title)}</text>
${body.join('\n')}
</svg>
`
}

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
