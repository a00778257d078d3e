import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { entries } from '../typedoc.config.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { repository } = readJson('packages/shared/package.json')
const source = repository && `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/main`

/** The pages, with paths as in the repository: a link between two documents is the same there and here. */
const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const decisions = readdirSync(join(root, 'docs/decisions')).filter((name) => name.endsWith('.md'))
const packages = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'README.md')),
)
const examples = readdirSync(join(root, 'examples'), { recursive: true })
  .map(String)
  .filter((name) => /^([^/]+\/)?README\.md$/.test(name))

// The pages lie above this folder and find no packages there. For the build that renders them alone: in a browser the files that
// Node loads do not run, and VitePress finds those that do.
const ofThisFolder = {
  resolve: {
    alias: ['vue', 'vue/server-renderer'].map((name) => ({
      find: new RegExp(`^${name}$`),
      replacement: fileURLToPath(import.meta.resolve(name)),
    })),
  },
}

// Both functions are sent to the browser as their text, so they use nothing from here.
const SEARCH = {
  options: {
    /** People ask `how do I see who holds a lock`: what is in every sentence would find every page. */
    processTerm: (term) =>
      /^(an?|and|are|as|at|be|by|can|do|does|for|from|how|i|if|in|is|it|its|my|of|on|or|so|that|the|there|this|to|what|when|where|which|who|with|you)$/i.test(
        term,
      )
        ? null
        : term.toLowerCase(),
  },
  searchOptions: {
    /** These name everything, for who looks for one thing; guides say how. */
    boostDocument: (id) => (/\/(decisions|site)\/|\/(api|guarantees|schema|[A-Z_]+)\./.test(id) ? 0.3 : 1),
  },
}

export default defineConfig({
  title: 'go-go-scope persistence',
  description: 'Locks, caches, once-only work and resumable jobs in one SQLite file or a PostgreSQL database.',
  srcDir: '..',
  srcExclude: [
    '**/node_modules/**',
    '**/dist/**',
    '**/.changeset/**',
    'bench/**',
    'test/**',
    'site/node_modules/**',
    '.github/**',
  ],
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: false,
  lastUpdated: false,
  markdown: { config: linkRepositoryFiles },
  vite: { plugins: [{ name: 'vue-of-this-folder', config: (_, { isSsrBuild }) => (isSsrBuild ? ofThisFolder : {}) }] },
  themeConfig: {
    search: { provider: 'local', options: { miniSearch: SEARCH } },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/' },
      { text: 'API', link: '/site/api/' },
      { text: 'Decisions', link: `/docs/decisions/${page(decisions[0])}` },
    ],
    sidebar: [
      { text: 'Start', items: [{ text: 'Overview', link: '/' }, ...examples.map((name) => item('examples', name))] },
      { text: 'Guides', items: guides.map((name) => item('docs', name)) },
      { text: 'Packages', items: packages.map((name) => item('packages', `${name}/README.md`)) },
      {
        text: 'Inside',
        collapsed: true,
        items: [item('', 'ARCHITECTURE.md'), item('', 'CONTRIBUTING.md'), item('', 'SECURITY.md')],
      },
      { text: 'Decisions', collapsed: true, items: decisions.map((name) => item('docs/decisions', name)) },
      {
        text: 'API',
        collapsed: true,
        items: entries.map(({ specifier }) => ({ text: specifier, link: `/site/api/${specifier}/` })),
      },
    ],
    ...(source !== undefined && { socialLinks: [{ icon: 'github', link: dirname(dirname(source)) }] }),
  },
})

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}

/** @param {string} name */
function page(name) {
  return name.replace(/\.md$/, '')
}

/**
 * A page, by its first heading.
 *
 * @param {string} folder @param {string} name
 */
function item(folder, name) {
  const path = join(folder, name)
  const [, heading] = /^# (.*)$/m.exec(readFileSync(join(root, path), 'utf8')) ?? []
  if (heading === undefined) throw new Error(`${path} has no heading`)
  return { text: heading.replaceAll('`', ''), link: `/${page(path)}` }
}

/**
 * Documents link to source files and folders, which are no pages: those links go to the repository, or show their path where
 * the manifests name none.
 *
 * @param {import('vitepress').MarkdownRenderer} markdown
 */
function linkRepositoryFiles(markdown) {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href === null || /^([a-z]+:|#|\/)/.test(href)) continue
        const [target = '', anchor] = href.split('#')
        const path = relative(root, resolve(root, dirname(env.realPath ?? env.relativePath), target))
        if (path === 'README.md') token.attrSet('href', `/index.md${anchor === undefined ? '' : `#${anchor}`}`)
        else if (isPage(path)) continue
        else if (existsSync(join(root, path, 'README.md'))) token.attrSet('href', `/${path}/README.md`)
        else if (!existsSync(join(root, path)))
          throw new Error(`${env.relativePath} links to ${href}, which is not there`)
        else if (source !== undefined) token.attrSet('href', `${source}/${path}`)
        else {
          token.attrSet('href', '#')
          token.attrSet('title', path)
        }
      }
    }
  })
}

/** @param {string} path of a file of the repository */
function isPage(path) {
  return path.endsWith('.md') && existsSync(join(root, path))
}
