import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/google-chrome']

/** The browser of this machine; `undefined` if there is none. Nothing is downloaded. */
export const installed: string | undefined = PROGRAMS.find(existsSync)

export const startBrowser = (): Promise<Browser> =>
  // Chromium's sandbox does not work in a container.
  chromium.launch({ executablePath: installed as string, args: ['--no-sandbox'] })

/** A tab, with its problems and requests. */
export interface Tab extends AsyncDisposable {
  readonly page: Page
  /** Messages of the console, errors, dialogs. */
  readonly complaints: readonly string[]
  /** The origins of all requests. */
  readonly origins: ReadonlySet<string>
}

export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  const complaints: string[] = []
  const origins = new Set<string>()
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  return { page, complaints, origins, [Symbol.asyncDispose]: () => context.close() }
}
