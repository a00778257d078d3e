import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { published } from '../package/packed-family.js'

type Kind = 'none' | 'patch' | 'minor' | 'major'
interface Release {
  name: string
  type: Kind
  newVersion: string
}
interface Plan {
  changesets: { releases: { type: Kind }[] }[]
  releases: Release[]
}

// The parts of `npx changeset version`, resolved from its package.
const require = createRequire(import.meta.url)
const ofChangesets = createRequire(createRequire(join(root, 'package.json')).resolve('@changesets/cli/package.json'))
const { default: assembleReleasePlan } = ofChangesets('@changesets/assemble-release-plan')
const { default: getReleasePlan } = ofChangesets('@changesets/get-release-plan')
const { read: readConfig } = ofChangesets('@changesets/config')
const { getPackages } = ofChangesets('@manypkg/get-packages')

const names = Object.values(published).sort()
const released = ({ releases }: Plan) => releases.filter(({ type }) => type !== 'none')

function expectOneRelease(plan: Plan, type: Kind): void {
  expect(
    released(plan)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(names)
  expect(new Set(released(plan).map((release) => release.type))).toEqual(new Set([type]))
  expect(new Set(released(plan).map(({ newVersion }) => newVersion)).size).toBe(1)
}

test.each(['patch', 'minor'] as const)('a %s change of any package is such a release of all', async (type) => {
  const packages = await getPackages(root)
  const config = await readConfig(root, packages)
  for (const name of names) {
    const changeset = { id: 'made-up', summary: 'made up', releases: [{ name, type }] }
    expectOneRelease(assembleReleasePlan([changeset], packages, config, undefined), type)
  }
})

test('the next release is the greatest kind that a changeset asks for, and no greater one', async () => {
  const plan: Plan = await getReleasePlan(root)
  const asked = new Set(plan.changesets.flatMap(({ releases }) => releases.map(({ type }) => type)))
  const greatest = (['major', 'minor', 'patch'] as const).find((type) => asked.has(type))
  // Just after `changeset version` no changeset is pending.
  if (greatest === undefined) expect(released(plan)).toEqual([])
  else expectOneRelease(plan, greatest)
})

test('peers of this repository are asked for in the release that is packed', () => {
  const { hooks } = require(join(root, '.pnpmfile.cjs'))
  const peerDependencies = { '@go-go-scope/persistence-postgres': '>=0.1.0', pg: '^8.11.0' }
  expect(hooks.beforePacking({ version: '0.3.1', peerDependencies }).peerDependencies).toEqual({
    '@go-go-scope/persistence-postgres': '^0.3.1',
    pg: '^8.11.0',
  })
  expect(hooks.beforePacking({ version: '0.3.1' })).toEqual({ version: '0.3.1' })
})

test('a changelog has the texts of changesets, and one line for all packages that were released with it', async () => {
  const { getReleaseLine, getDependencyReleaseLine } = require(join(root, '.changeset/changelog.cjs')).default
  expect(await getReleaseLine({ summary: 'One.\n\n- a\n  b\n' }, 'minor', {})).toBe('- One.\n\n  - a\n    b')
  const dependencies = [
    { name: 'core', newVersion: '0.2.0' },
    { name: 'cli', newVersion: '0.2.0' },
  ]
  expect(await getDependencyReleaseLine([{}, {}, {}], dependencies, {})).toBe(
    '- Updated dependencies: `core` 0.2.0, `cli` 0.2.0',
  )
  expect(await getDependencyReleaseLine([{}], [], {})).toBe('')
})
