import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { develop, FILES } from './fixture.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Pictures are kept here, to be looked at. */
const PICTURES = process.env.STK_PICTURES ?? join(tmpdir(), 'santokit-explorer')

interface Opened {
  readonly page: Page
  /** What the page complained of: errors, and what its policy forbids. */
  readonly complaints: readonly string[]
  picture(name: string): Promise<void>
}

async function open(url: string, { width = 1280, height = 860, colorScheme = 'light' as 'light' | 'dark' } = {}): Promise<Opened> {
  const profile = await mkdtemp(join(tmpdir(), 'santokit-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }), headless: true, args: FLAGS, viewport: { width, height }, colorScheme,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  onTestFinished(async () => {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  })
  await mkdir(PICTURES, { recursive: true })
  const page = context.pages()[0] ?? await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  // An answer that is no success is what some of these tests are about.
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text()) })
  await page.goto(`${url}/_stk`)
  return { page, complaints, picture: async (name) => { await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true }) } }
}

const run = (page: Page): Promise<void> => page.getByRole('button', { name: 'Run', exact: true }).click()
const status = (page: Page, code: string): Promise<void> => page.locator('.answer .status', { hasText: code }).waitFor()

test.skipIf(CHROMIUM === undefined)('a person finds a logic, calls it, reads its answer, its SQL and its time', async () => {
  const { url } = await develop()
  const { page, complaints, picture } = await open(url)
  await page.getByRole('heading', { name: 'notes', level: 1 }).waitFor()
  // By keyboard alone.
  await page.keyboard.press('/')
  await page.keyboard.type('list')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'notes/list' }).waitFor()
  expect(await page.getByText("Everybody's notes, the latest first.").isVisible()).toBe(true)
  await page.getByLabel('order').selectOption('oldest')
  await page.getByLabel('limit').fill('2')
  await page.keyboard.press('Control+Enter')
  await status(page, '200')
  expect(await page.getByRole('row').allInnerTexts()).toEqual([expect.stringContaining('author'), expect.stringContaining('Water the plants'), expect.stringContaining('Call the bank')])
  expect(await page.locator('.timings').innerText()).toMatch(/[\d.]+ ms in the Bridge\s+[\d.]+ ms in the database\s+[\d.]+ ms round trip/)
  expect(await page.getByLabel('SQL').innerText()).toContain('from notes -- all of them')
  await picture('list')

  await page.getByRole('button', { name: 'Copy as client call' }).click()
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`await notes.notes.list({ order: 'oldest', limit: 2 })`)
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  expect(await page.evaluate('navigator.clipboard.readText()')).toContain(`-d '{"path":"notes/list","params":{"order":"oldest","limit":2}}'`)

  // What a project holds is text, and never part of the page.
  await page.getByLabel('limit').fill('3')
  await run(page)
  await page.getByRole('cell', { name: '<b>not bold</b>' }).waitFor()
  expect(complaints).toEqual([])
})

test.skipIf(CHROMIUM === undefined)('an answer that comes after a save is shown in the page that the save drew', async () => {
  const gate = join(await mkdtemp(join(tmpdir(), 'santokit-gate-')), 'open')
  onTestFinished(() => rm(dirname(gate), { recursive: true, force: true }))
  const waits = (description: string): string => `import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
export default { access: 'public', description: '${description}', async handler() {
  while (!existsSync(${JSON.stringify(gate)})) await setTimeout(5)
  return 'let through'
} }`
  const dev = await develop({ ...FILES, 'notes/logic/stats/waits.ts': waits('As it was.') })
  const { page, complaints } = await open(dev.url)
  await page.getByRole('link', { name: /^waits/ }).click()
  await run(page)
  await dev.write('notes/logic/stats/waits.ts', waits('Drawn anew.'))
  await page.getByText('Drawn anew.').first().waitFor()
  expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true)
  await writeFile(gate, '')
  await status(page, '200')
  expect(await page.getByLabel('Answer as JSON').innerText()).toBe('"let through"')
  expect(await page.getByRole('button', { name: 'Run', exact: true }).isEnabled()).toBe(true)
  expect(complaints).toEqual([])
})

test.skipIf(CHROMIUM === undefined)('signs in as a role, and shows what is wrong with each field', async () => {
  const { url } = await develop()
  const { page, complaints, picture } = await open(url)
  await page.getByRole('link', { name: /^purge/ }).click()
  await run(page)
  await status(page, '401')
  await picture('unauthenticated')
  await page.getByRole('button', { name: 'Sign in as admin and run' }).click()
  await status(page, '200')
  expect(await page.getByLabel('Answer as JSON').innerText()).toBe('3')

  await page.getByRole('button', { name: /Signed in as/ }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Subject').fill('carol')
  await dialog.getByLabel('admin').uncheck()
  await page.screenshot({ path: join(PICTURES, 'sign-in.png') })
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('carol', { exact: true }).first().waitFor()
  await run(page)
  await status(page, '403')

  await page.getByRole('link', { name: /^add/ }).click()
  await run(page)
  await status(page, '422')
  expect(await page.getByLabel(/^text/).getAttribute('aria-invalid')).toBe('true')
  await page.getByLabel('tags').fill('[1]')
  await page.getByLabel(/^text/).fill('Feed the cat')
  await run(page)
  await page.getByText(/tags\.0/).first().waitFor()
  await picture('invalid')
  await page.getByLabel('tags').fill('')
  await run(page)
  await status(page, '200')
  await page.getByRole('cell', { name: 'carol' }).waitFor()
  expect(complaints).toEqual([])
})

test.skipIf(CHROMIUM === undefined)('a failing handler tells its author why, and its client nothing', async () => {
  const { url, call } = await develop()
  const { page, picture } = await open(url)
  await page.getByRole('link', { name: /^slow/ }).click()
  await run(page)
  await status(page, '500')
  await page.getByText('Error: the figures of March are missing').waitFor()
  await picture('failed-call')
  expect(await (await call('stats/slow')).text()).not.toContain('March')
})

test.skipIf(CHROMIUM === undefined)('the lifecycle: builds, plugins, hooks in the order they are called, files; and a save that does not build', async () => {
  const { url, write, next } = await develop()
  const { page, complaints, picture } = await open(url)
  await page.getByRole('link', { name: 'Lifecycle' }).click()
  const hooks = page.getByRole('region', { name: 'Hooks' })
  const order = (hook: string): Promise<string[]> => hooks.locator('.hook', { has: page.getByText(hook, { exact: true }) }).locator('li > span:first-child').allInnerTexts()
  expect(await order('bundle:done')).toEqual(['licences', 'naming', 'metrics'])
  expect(await order('bundle:before')).toEqual(['licences'])
  await picture('lifecycle')

  await page.getByRole('link', { name: 'Logic' }).click()
  await page.getByRole('link', { name: /^list/ }).click()
  await page.getByLabel('limit').fill('1')
  const served = next('note', (event) => event.type === 'note' && event.message.includes('keeps serving'))
  await write('notes/logic/notes/list.sql', FILES['notes/logic/notes/list.sql']!.replace(':limit', ':limits'))
  await served
  await page.getByText('The last save does not build.').waitFor()
  await page.getByText('STK2002').first().waitFor()
  await picture('broken')
  // What was typed is still there, and the last good build answers.
  await run(page)
  await status(page, '200')
  expect(await page.getByRole('row').count()).toBe(2)

  await write('notes/logic/notes/list.sql', FILES['notes/logic/notes/list.sql']!.replace('id, author,', 'id, upper(author) as author,'))
  await page.getByText('The last save does not build.').waitFor({ state: 'detached' })
  await run(page)
  await page.getByRole('cell', { name: 'ALICE' }).waitFor()
  expect(complaints).toEqual([])
})

test.skipIf(CHROMIUM === undefined)('fits a phone, in the dark', async () => {
  const { url } = await develop()
  const { page, complaints, picture } = await open(url, { width: 390, height: 844, colorScheme: 'dark' })
  const overflow = (): Promise<unknown> => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  await page.getByRole('link', { name: /^list/ }).waitFor()
  await picture('phone-logic')
  expect(await overflow()).toBe(0)
  await page.getByRole('link', { name: /^list/ }).click()
  await run(page)
  await status(page, '200')
  await picture('phone-list')
  expect(await overflow()).toBe(0)
  await page.getByRole('link', { name: '‹ All logic' }).click()
  await page.getByRole('link', { name: 'Lifecycle' }).click()
  await page.getByText('Hooks, in the order they are called').waitFor()
  await picture('phone-lifecycle')
  expect(await overflow()).toBe(0)
  expect(complaints).toEqual([])
})
