import { readFileSync } from 'node:fs'
import { defineConfig, rolldown } from 'rolldown'
import shared from '../../rolldown.config.mjs'

const [code, types] = shared

const ID = 'inspector:page'

/** Makes the page a part of the code, so that nothing is read, built or fetched where it runs. */
const page = {
  name: ID,
  resolveId: (/** @type {string} */ id) => (id === ID ? { id } : null),
  async load(/** @type {string} */ id) {
    if (id !== ID) return null
    const bundle = await rolldown({ input: 'page/main.ts', platform: 'browser' })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    await bundle.close()
    const parts = {
      // Neither the page nor its style has a text in which the number of spaces matters.
      html: readFileSync('page/page.html', 'utf8').replaceAll(/\s+/g, ' '),
      style: readFileSync('page/page.css', 'utf8')
        .replaceAll(/\/\*[\s\S]*?\*\/|\s+/g, ' ')
        .replaceAll(/ *([{};,]|:(?= )) */g, '$1')
        .replaceAll(';}', '}'),
      script: output[0].code.trim(),
    }
    return Object.entries(parts)
      .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)}`)
      .join('\n')
  },
}

export default defineConfig([{ ...code, plugins: [page] }, types])
