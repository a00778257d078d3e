import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Converter, ReflectionKind } from 'typedoc'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

/** What packages of the family import of the core; an app imports from the package of its engine. */
const INTERNAL = ['@go-go-scope/persistence-core', '@go-go-scope/persistence-core/dialect']

/** Each export of each published package, by the name under which it is imported. */
export const entries = readdirSync(packages).flatMap((folder) => {
  const {
    name,
    private: hidden,
    exports: here = {},
    publishConfig: { exports = here } = {},
  } = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'))
  if (hidden) return []
  return Object.entries(exports).flatMap(([subpath, { types }]) => {
    const specifier = join(name, subpath)
    // As a user's compiler reads it.
    return types === undefined || INTERNAL.includes(specifier)
      ? []
      : [{ specifier, file: join(packages, folder, types) }]
  })
})

/** @param {import('typedoc').Application} app */
function nameModules(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName
    const entry = entries.find((entry) => entry.file === file)
    if (entry !== undefined) reflection.name = entry.specifier
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  name: 'API',
  entryPoints: entries.map(({ file }) => file),
  out: 'api',
  plugin: ['typedoc-plugin-markdown', nameModules],
  readme: 'none',
  tsconfig: 'tsconfig.json',
  disableSources: true,
  entryFileName: 'index',
  hidePageHeader: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
}
