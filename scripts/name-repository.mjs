import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './workspace.mjs'

/**
 * Writes the repository into the manifest of each published package. npm compares it with the repository whose workflow
 * publishes, so the value comes from the workflow, and a fork publishes under its own name.
 *
 * @param {string} repository `owner/name` on the hosting service
 * @param {string} server its address, without a slash at the end
 * @param {string} packages the folder of the packages
 * @returns {string[]} the packages
 */
export function nameRepository(repository, server, packages) {
  const named = []
  for (const folder of readdirSync(packages).sort()) {
    const file = join(packages, folder, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    if (manifest.private) continue
    const url = `${server}/${repository}`
    manifest.repository = { type: 'git', url: `git+${url}.git`, directory: `packages/${folder}` }
    manifest.homepage = `${url}/tree/main/packages/${folder}#readme`
    manifest.bugs = `${url}/issues`
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
    named.push(manifest.name)
  }
  return named
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { GITHUB_REPOSITORY, GITHUB_SERVER_URL = 'https://github.com' } = process.env
  if (GITHUB_REPOSITORY === undefined) {
    console.log('not in a workflow: the manifests name no repository, and nothing can be published with provenance')
  } else {
    console.log(nameRepository(GITHUB_REPOSITORY, GITHUB_SERVER_URL, join(root, 'packages')).join('\n'))
  }
}
