import { fill, h } from './dom.js'
import { errorView, lifecycleView } from './lifecycle-view.js'
import { logicView } from './logic-view.js'
import { signInControl } from './sign-in.js'

const place = { top: document.getElementById('top'), alerts: document.getElementById('alerts'), view: document.getElementById('view') }
let state
let isConnected = true

/** `#/logic/orders/list`, `#/lifecycle`, or nothing. */
function route() {
  const [, view = '', ...rest] = location.hash.split('/')
  return view === 'lifecycle' ? { view } : { view: 'logic', path: rest.length === 0 ? undefined : decodeURIComponent(rest.join('/')) }
}

async function load() {
  const answer = await fetch('/_stk/api/state')
  if (!answer.ok) throw new Error((await answer.json()).error)
  state = await answer.json()
}

function draw() {
  if (state === undefined) return
  const { view, path } = route()
  document.title = `${path ?? (view === 'lifecycle' ? 'Lifecycle' : state.project)} · ${state.project} · Santokit`
  const { id: focused, selectionStart, selectionEnd } = document.activeElement ?? {}
  fill(place.top, topBar(view))
  fill(place.alerts, alerts())
  const side = document.querySelector('.side')?.scrollTop ?? 0
  fill(place.view, view === 'lifecycle' ? lifecycleView({ state }) : logicView({ state, path, changed: draw }))
  const sidebar = document.querySelector('.side')
  if (sidebar) sidebar.scrollTop = side
  for (const element of place.view.querySelectorAll('[data-share]')) element.style.flexGrow = element.dataset.share
  // What was typed into stays where the typing goes on.
  const again = focused && document.getElementById(focused)
  if (!again) return
  again.focus()
  if (typeof selectionStart === 'number') again.setSelectionRange?.(selectionStart, selectionEnd)
}

function topBar(view) {
  const others = state.projects.filter(({ name }) => name !== state.project)
  const projects = others.length === 0 ? h('strong', { class: 'project' }, state.project) : h('select', { id: 'project', 'aria-label': 'Project', onchange: (event) => { location.href = `${event.target.value}/_stk` } },
    state.projects.map(({ name, url }) => h('option', { value: url, selected: name === state.project }, name)))
  return [
    h('a', { class: 'brand', href: '#/', 'aria-label': 'Santokit explorer' }, h('img', { src: '/_stk/icon.svg', alt: '', width: 22, height: 22 }), h('span', { class: 'wide' }, 'Santokit')),
    projects,
    h('nav', { class: 'tabs', 'aria-label': 'Views' }, [['Logic', '#/', 'logic'], ['Lifecycle', '#/lifecycle', 'lifecycle']].map(([label, href, name]) => h('a', { href, 'aria-current': view === name ? 'page' : undefined }, label))),
    h('span', { class: 'grow' }),
    h('span', { class: 'quiet wide', title: state.digest }, `${state.environment}${state.digest === undefined ? '' : ` · ${state.digest.slice(7, 19)}`}`),
    signInControl(state, draw),
  ]
}

function alerts() {
  const [last] = state.reloads
  if (!isConnected) return h('div', { class: 'alert bad' }, h('strong', null, 'stk dev does not answer.'), ' The page goes on when it is back.')
  if (last?.outcome === 'failed') {
    return h('div', { class: 'alert bad' },
      h('p', null, h('strong', null, 'The last save does not build. '), state.digest === undefined ? 'Nothing is served until it is mended.' : 'The last good build keeps serving.'),
      last.errors?.map(errorView))
  }
  if (state.refused.length === 0) return undefined
  return h('div', { class: 'alert bad' },
    h('p', null, h('strong', null, 'The database does not take what is served. '), 'It fails when it is called.'), state.refused.map(errorView))
}

async function refresh() {
  try {
    await load()
    isConnected = true
  } catch {
    isConnected = false
  }
  draw()
}

function listen() {
  const events = new EventSource('/_stk/api/events')
  // The first hello comes with the page; a later one after stk dev was away.
  events.addEventListener('hello', () => { if (!isConnected) void refresh() })
  events.addEventListener('changed', () => void refresh())
  events.addEventListener('error', () => {
    isConnected = false
    draw()
  })
}

addEventListener('hashchange', () => {
  draw()
  document.getElementById('main')?.focus({ preventScroll: true })
  scrollTo(0, 0)
})
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.closest?.('input, textarea, select, dialog')) return
  event.preventDefault()
  document.getElementById('search')?.focus()
})

await refresh()
if (state === undefined) fill(place.view, h('p', { class: 'waiting' }, 'stk dev does not answer.'))
listen()
