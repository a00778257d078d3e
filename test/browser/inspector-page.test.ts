import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { inspector } from '@go-go-scope/persistence-inspector'
import { toNodeHandler } from '@go-go-scope/persistence-inspector/node'
import axe, { type AxeResults } from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AdapterUnderTest, type Place, proveCell, takePlace } from '../integrations/cell.js'
import { reportProof } from '../proof/report-proof.js'
import { installed, openTab, startBrowser } from './browser.js'

proveCell()

const PROOF = { proof: 'the inspector page in a browser', file: 'test/browser/inspector-page.test.ts' }
/** With what base64 has besides letters and digits. */
const TOKEN = `${crypto.randomUUID()}+/==`
// No test measures the speed of the machine.
const PATIENCE = { timeout: 120_000 }
vi.setConfig({ testTimeout: 300_000 })
/** Texts that would run if the page used them as markup. */
const HOSTILE = [
  '<img src=x onerror="alert(1)">',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  'javascript:alert(1)',
]

if (process.env.SOAK === undefined || installed === undefined) {
  test('without a browser, it is named as not run', () => {
    const why = installed === undefined ? 'chromium is not installed' : 'a browser is started in a soak alone'
    reportProof({ ...PROOF, runs: 'none', result: `not run: ${why}` })
  })
} else {
  describe('the page in a browser', () => testPage())
}

function testPage(): void {
  let browser: Browser
  let place: Place
  let persistence: AdapterUnderTest
  let server: Server
  let port = 0

  const listen = async (): Promise<void> => {
    const handler = toNodeHandler(inspector(persistence, { token: TOKEN, values: true, write: true }))
    server = createServer((request, response) => void handler(request, response))
    await once(server.listen(port, '127.0.0.1'), 'listening')
    port = (server.address() as { port: number }).port
  }
  const leave = (): void => {
    server.closeAllConnections()
    server.close()
  }
  const address = (hash = `#token=${TOKEN}`): string => `http://127.0.0.1:${port}/inspector${hash}`
  const save = (taskId: string, sequence: number, progress: number): Promise<void> =>
    persistence.checkpoint.save({
      ...{ id: `${taskId} ${sequence}`, taskId, sequence, progress },
      ...{ timestamp: Date.now(), data: { done: sequence } },
    })

  beforeAll(async () => {
    browser = await startBrowser()
    place = await takePlace()
    persistence = await place.open({ locks: 'database', keyPrefix: '<b>shop</b>:' })
    await listen()
    await save('import', 1, 25)
    for (const key of HOSTILE) {
      await persistence.lock.acquire(key, 600_000, key)
      await persistence.cache.set(key, key)
      await persistence.idempotency.set(key, { [key]: key })
      await persistence.circuitBreaker.recordFailure(key, 9)
      await save(key, 1, 50)
    }
  }, 300_000)
  afterAll(async () => {
    leave()
    await place[Symbol.asyncDispose]()
    await browser.close()
  })

  test('shows keys, owners and values as plain text, and requests only its own server', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address())
    await page
      .locator('#locks tbody tr')
      .nth(HOSTILE.length - 1)
      .waitFor()
    const keys = await page.locator('#locks tbody th').allTextContents()
    expect(keys.toSorted()).toEqual(HOSTILE.map((key) => `<b>shop</b>:${key}`).toSorted())
    for (const list of ['tasks', 'circuits', 'results']) {
      expect(await page.locator(`#${list} tbody th`).allTextContents()).toEqual(
        expect.arrayContaining(HOSTILE.map((key) => `<b>shop</b>:${key}`)),
      )
    }
    await page.locator('#prefix').selectOption('<b>shop</b>:')
    await page
      .locator('#entries')
      .getByRole('button', { name: `Show the value of ${HOSTILE[1]}` })
      .click()
    const value = page.locator('#value-text')
    await expect.poll(() => value.inputValue(), PATIENCE).toBe(`'${HOSTILE[1]}'`)
    await page.keyboard.press('Escape')
    expect(await value.isVisible()).toBe(false)
    expect(tab.complaints).toEqual([])
    expect([...tab.origins]).toEqual([new URL(address()).origin])
  })

  test('distinguishes names that look alike: a prefix and another choice, and keys by their spaces', async () => {
    const prefixes = ['', '"all"', '(none)', '*', 'all']
    for (const keyPrefix of prefixes) await (await place.open({ keyPrefix })).cache.set('k', 1)
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address())
    await page.locator('#prefix option', { hasText: '<b>shop</b>:' }).waitFor({ state: 'attached' })
    const options = await page.locator('#prefix option').allTextContents()
    expect(options.filter((text) => !text.includes('shop'))).toEqual([
      'all',
      '(none)',
      '""all""',
      '"(none)"',
      '"*"',
      '"all"',
    ])
    // All would be shown, as by the first choice, and the value of another item.
    expect(await page.locator('#prefix option:disabled').allTextContents()).toEqual(['"*"'])
    const keys = ['a  b', 'a b']
    for (const key of keys) await persistence.cache.set(key, key)
    await page.locator('#prefix').selectOption('<b>shop</b>:')
    await page.locator('#starts-with').fill('a ')
    const spaced = page.locator('#entries tbody tr', { hasText: 'a  b' })
    await spaced.getByRole('button', { name: 'Delete' }).first().click()
    // As it is laid out: HTML draws two spaces as one.
    const text = await page.evaluate("document.getElementById('action-what').innerText")
    for (const key of keys) await persistence.cache.delete(key)
    expect(text).toBe('This will remove the cache entry a  b of the prefix <b>shop</b>:.')
    expect(tab.complaints).toEqual([])
  })

  test('removes the token from the address, keeps it for a reload, and asks for it in another tab', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address())
    await page.locator('#tasks tbody tr').first().waitFor()
    expect(page.url()).toBe(address(''))
    await page.reload()
    await page.locator('#tasks tbody tr').first().waitFor()

    await using other = await openTab(browser)
    await other.page.goto(address(''))
    const token = other.page.getByLabel('Token')
    await token.fill('a wrong token of somebody')
    await other.page.keyboard.press('Enter')
    await other.page.getByText('the token is missing or wrong', { exact: true }).last().waitFor()
    expect(await other.page.locator('#content').isVisible()).toBe(false)
    await token.fill(TOKEN)
    await other.page.keyboard.press('Enter')
    await other.page.locator('#tasks tbody tr').first().waitFor()
    expect(await token.isVisible()).toBe(false)
  })

  test('takes the token of another address in the same tab, as after a restart of the server', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address('#token=of-the-server-before'))
    await page.getByText('the token is missing or wrong', { exact: true }).last().waitFor()
    // Only the fragment differs, so the browser does not load the page again.
    await page.goto(address())
    await page.locator('#tasks tbody tr').first().waitFor()
    expect(page.url()).toBe(address(''))
  })

  test('shows no value of another item: the answer for one that was closed comes late', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const [closed, shown] = [HOSTILE[3] as string, HOSTILE[4] as string]
    const isForClosed = (url: URL): boolean => url.searchParams.get('key') === closed
    await page.route(isForClosed, async (route) => {
      await gate
      await route.continue()
    })
    await page.goto(address())
    const show = (key: string): Promise<void> =>
      page
        .locator('#results')
        .getByRole('button', { name: `Show the value of ${key}` })
        .click()
    const value = page.locator('#value-text')
    await show(closed)
    await page.keyboard.press('Escape')
    await show(shown)
    await expect.poll(() => value.inputValue(), PATIENCE).toBe(`{ '${shown}': '${shown}' }`)
    const answered = page.waitForResponse((response) => isForClosed(new URL(response.url())))
    open()
    await (await answered).finished()
    // The page has handled the answer once it has run later calls.
    for (let call = 0; call < 10; call++) await page.evaluate('0')
    expect(await value.inputValue()).toBe(`{ '${shown}': '${shown}' }`)
  })

  test('updates itself, and leaves the focus where it is', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address())
    const progress = page.getByRole('progressbar', { name: 'Progress of import' })
    await expect.poll(() => progress.getAttribute('value'), PATIENCE).toBe('25')
    const button = page.locator('#tasks').getByRole('button', { name: 'Show the value of import' })
    await button.focus()
    await save('import', 2, 62.5)
    await save('another', 1, 5)
    await expect.poll(() => progress.getAttribute('value'), PATIENCE).toBe('62.5')
    expect(await page.locator('#tasks tbody tr').first().textContent()).toContain('alert(1)')
    expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)

    const lock = await persistence.lock.acquire('held for a while', 600_000)
    const row = page.locator('#locks').getByRole('row', { name: 'held for a while' })
    await row.waitFor()
    expect(await row.textContent()).toMatch(new RegExp(`process ${process.pid}.*(9|10) min left`))
    await lock?.release()
    await row.waitFor({ state: 'detached' })
  })

  test('performs an action after it was confirmed, and says before what it will do', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    const lock = await persistence.lock.acquire('to be released', 600_000, HOSTILE[0])
    await page.goto(address())
    const button = page.getByRole('button', { name: 'Release to be released' })
    const dialog = page.getByRole('dialog', { name: 'Change the database?' })
    await button.click()
    expect(await dialog.locator('#action-what').textContent()).toBe(
      `This will release the lock to be released of the prefix <b>shop</b>:, if its token is ${lock?.token}.`,
    )
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect([await dialog.isVisible(), await lock?.isValid()]).toEqual([false, true])
    await button.click()
    await dialog.getByRole('button', { name: 'Release' }).click()
    await page.getByText('Done: the lock to be released is free.', { exact: true }).waitFor()
    expect([await dialog.isVisible(), await lock?.isValid()]).toEqual([false, false])
    await button.waitFor({ state: 'detached' })
    expect(tab.complaints).toEqual([])
  })

  test('performs no action by a key that is held down', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    const lock = await persistence.lock.acquire('to be kept', 600_000)
    await page.goto(address())
    await page.getByRole('button', { name: 'Release to be kept' }).focus()
    for (let repeat = 0; repeat < 4; repeat++) await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    expect(await page.getByRole('dialog').isVisible()).toBe(false)
    expect(await lock?.isValid()).toBe(true)
    await lock?.release()
  })

  test('says why a confirmed action was not performed: another change came first', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    const claim = await persistence.idempotency.claim('charge', { lease: 600_000 })
    await page.goto(address())
    await page.getByRole('button', { name: 'Free charge' }).click()
    if (claim.state === 'claimed') await claim.complete('paid')
    const dialog = page.getByRole('dialog', { name: 'Change the database?' })
    await dialog.getByRole('button', { name: 'Free' }).click()
    await dialog.getByText('nobody works on charge; nothing was changed', { exact: true }).waitFor()
    expect(await dialog.getByRole('button', { name: 'Free' }).isDisabled()).toBe(true)
  })

  test('draws the states of a circuit since the page was opened', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    const states = () => page.locator('#circuits tr', { hasText: 'payments' }).locator('rect').evaluateAll(namesOf)
    await persistence.circuitBreaker.recordFailure('payments', 9)
    await page.goto(address())
    await expect.poll(states, PATIENCE).toEqual(['closed'])
    await persistence.circuitBreaker.isolate('payments')
    await expect.poll(states, PATIENCE).toEqual(['closed', 'isolated'])
    await persistence.circuitBreaker.reset('payments')
    await expect.poll(states, PATIENCE).toEqual(['closed', 'isolated', 'closed'])
  })

  test('says when the server is unreachable, keeps its content, and goes on when it is back', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.goto(address())
    await page.getByText('Live', { exact: true }).waitFor()
    leave()
    await page.getByText('the server does not answer', { exact: true }).waitFor()
    expect(await page.locator('#tasks').isVisible()).toBe(true)
    await listen()
    await page.getByText('Live', { exact: true }).waitFor()
    // A proxy in between sends the page of its log-in.
    await page.route(/overview/, (route) => route.fulfill({ contentType: 'text/html', body: '<p>Log in</p>' }))
    await page.getByText(/^the server answered with status 200; reload/).waitFor()
    expect(await page.locator('#tasks').isVisible()).toBe(true)
  })

  test('polls a slow server less often: the pause is four times as long as the poll took', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.clock.install()
    await page.goto(address())
    await page.getByText('Live', { exact: true }).waitFor()
    // As a server that reads many values of 10 MB.
    await page.route(/overview/, async (route) => {
      await page.clock.fastForward(2_000)
      await route.continue()
    })
    const slow = page.waitForResponse(/overview/)
    await page.clock.pauseAt(Date.now() + 3_600_000)
    await (await slow).finished()
    let requests = 0
    page.on('request', () => requests++)
    // The page has handled the answer once it has run later calls.
    for (let call = 0; call < 10; call++) await page.evaluate('0')
    await page.clock.runFor(7_900)
    expect(requests).toBe(0)
    await page.clock.runFor(200)
    await expect.poll(() => requests, PATIENCE).toBe(1)
  })

  test('sends no request while it is paused', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    await page.clock.install()
    await page.goto(address())
    await page.getByText('Live', { exact: true }).waitFor()
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    await page.route(/overview/, async (route) => {
      await gate
      await route.continue()
    })
    // The page is paused while it waits for the answer.
    const [asked, answered] = [page.waitForRequest(/overview/), page.waitForResponse(/overview/)]
    await asked
    await page.getByRole('button', { name: 'Pause' }).click()
    open()
    await (await answered).finished()
    await save('import', 3, 80)
    let requests = 0
    page.on('request', () => requests++)
    // The page has handled the answer once it has run later calls.
    for (let call = 0; call < 10; call++) await page.evaluate('0')
    await page.clock.fastForward(60_000)
    // What a browser does when the user comes back from another tab.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for (let call = 0; call < 10; call++) await page.evaluate('0')
    expect(requests).toBe(0)
    await page.getByRole('button', { name: 'Go on' }).click()
    const progress = page.getByRole('progressbar', { name: 'Progress of import' })
    await expect.poll(() => progress.getAttribute('value'), PATIENCE).toBe('80')
  })

  test.each(['light', 'dark'] as const)('passes the automatic accessibility checks: %s', async (colorScheme) => {
    // axe is injected, which the content security policy of the page forbids.
    await using tab = await openTab(browser, { colorScheme, bypassCSP: true, viewport: { width: 390, height: 800 } })
    const { page } = tab
    await page.goto(address())
    await page.locator('#cache tbody tr').first().waitFor()
    await page.evaluate(axe.source)
    await page.getByRole('button', { name: 'Remove what has expired' }).click()
    await page.getByText('This will remove what has expired, of all prefixes.', { exact: true }).waitFor()
    const asking = await page.evaluate<AxeResults>("axe.run('#action')")
    expect(asking.violations.map(({ help, nodes }) => `${help}: ${nodes[0]?.html}`)).toEqual([])
    await page.keyboard.press('Escape')
    const { violations, passes } = await page.evaluate<AxeResults>('axe.run()')
    expect(violations.map(({ help, nodes }) => `${help}: ${nodes[0]?.html}`)).toEqual([])
    expect(passes.length).toBeGreaterThan(20)
  })

  test.each([360, 768, 1280])('fits the width of the window: %i', async (width) => {
    await using tab = await openTab(browser, { viewport: { width, height: 800 }, colorScheme: 'dark' })
    const { page } = tab
    await page.goto(address())
    await page.locator('#cache tbody tr').first().waitFor()
    const [content, shown] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
    expect(content).toBeLessThanOrEqual(shown)
    // Screen readers must find a table, even where CSS shows rows as cards.
    expect(await page.getByRole('table', { name: 'Locks' }).getByRole('columnheader').allTextContents()).toContain(
      'Holder',
    )
    expect(await page.getByRole('cell').count()).toBeGreaterThan(HOSTILE.length)
    expect(tab.complaints).toEqual([])
  })

  test('shows at most 500 items of a list, and then how to see others', async () => {
    await using tab = await openTab(browser)
    const { page } = tab
    const keys = Array.from({ length: 501 }, (_, index) => `one of many ${index}`)
    await Promise.all(keys.map((key) => persistence.lock.acquire(key, 600_000)))
    await page.goto(address())
    const more = page.locator('#locks').getByRole('button', { name: 'Show more' })
    for (const shown of [25, 100, 400]) {
      await page.locator('#locks .count', { hasText: `${shown}+` }).waitFor()
      await more.click()
    }
    await page.getByText(/For others, choose a prefix and how keys begin\.$/).waitFor()
    expect(await page.locator('#locks tbody tr').count()).toBe(500)
    expect(await more.isVisible()).toBe(false)
  })

  test('is reported', async () => {
    const result = `Chromium ${browser.version()}: text stayed text, nothing was asked of others, nothing complained`
    reportProof({ ...PROOF, runs: `${HOSTILE.length} hostile texts in 6 places, 3 widths`, result })
  })
}

const namesOf = (elements: readonly { getAttribute(name: string): string | null }[]): (string | null)[] =>
  elements.map((element) => element.getAttribute('class'))
