import { pnpmVersion } from './workspace.mjs'

// Runs before a published package is packed. Only pnpm replaces `workspace:` ranges by versions, and a tarball that contains
// them cannot be installed.
if (!process.env.npm_config_user_agent?.startsWith('pnpm/')) {
  console.error(
    `pack and publish with pnpm, which replaces workspace: ranges by versions: npx -y pnpm@${pnpmVersion} pack`,
  )
  process.exit(1)
}
