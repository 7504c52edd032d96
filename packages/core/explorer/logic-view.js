import { callPanel } from './call-panel.js'
import { fill, h, prose } from './dom.js'
import { piecesOf } from './sql-text.js'
import { typeOf } from './form.js'

/**
 * Logic by namespace on the left, the chosen one on the right.
 *
 * @param {{ state: object, path: string | undefined, changed: () => void }} context
 */
export function logicView({ state, path, changed }) {
  const chosen = state.logic.find((logic) => logic.path === path)
  const main = h('main', { id: 'main', tabindex: -1 })
  if (chosen === undefined) fill(main, welcome(state, path))
  else fill(main, details(state, chosen, changed))
  return h('div', { class: `columns ${chosen === undefined ? 'list-first' : 'detail-first'}` }, sidebar(state, path), main)
}

function sidebar(state, path) {
  const list = h('div', { class: 'namespaces' })
  const search = h('input', { type: 'search', id: 'search', placeholder: 'Find logic  ( / )', 'aria-label': 'Find logic', autocomplete: 'off', spellcheck: 'false', value: sessionStorage.getItem('stk:search') ?? '', oninput: () => {
    sessionStorage.setItem('stk:search', search.value)
    show()
  } })
  const show = () => {
    const wanted = search.value.trim().toLowerCase()
    const found = state.logic.filter(({ path: name, description = '' }) => `${name} ${description}`.toLowerCase().includes(wanted))
    const groups = Map.groupBy === undefined ? groupBy(found) : Map.groupBy(found, namespaceOf)
    fill(list, [...groups].map(([namespace, logics]) => h('section', { 'aria-label': namespace },
      h('h2', null, namespace), h('ul', null, logics.map((logic) => h('li', null, entry(logic, namespace, path)))))),
    found.length === 0 && h('p', { class: 'quiet' }, state.logic.length === 0 ? 'Nothing is built yet.' : 'Nothing matches.'))
  }
  show()
  return h('nav', { class: 'side', 'aria-label': 'Logic', onkeydown: moveFocus }, search, list)
}

function groupBy(logics) {
  const groups = new Map()
  for (const logic of logics) groups.set(namespaceOf(logic), [...(groups.get(namespaceOf(logic)) ?? []), logic])
  return groups
}

function namespaceOf({ path }) {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '(top)'
}

function entry(logic, namespace, current) {
  const name = namespace === '(top)' ? logic.path : logic.path.slice(namespace.length + 1)
  return h('a', { href: `#/logic/${logic.path}`, 'aria-current': logic.path === current ? 'page' : undefined, class: logic.private ? 'private' : undefined },
    h('span', { class: 'ellipsis' }, name),
    h('span', { class: 'marks' }, accessMark(logic), h('span', { class: 'kind' }, logic.kind === 'sql' ? 'SQL' : 'TS')))
}

/** Who may call it, where that is not everybody. */
function accessMark({ access, private: isPrivate }) {
  if (isPrivate) return h('span', { class: 'for' }, 'private')
  if (access === 'public') return undefined
  return access === 'authenticated' ? h('span', { class: 'for', title: 'for signed-in callers' }, 'user') : h('span', { class: 'for ellipsis', title: `for ${access.join(' or ')}` }, access.join(', '))
}

/** Arrows move from one logic to the next. */
function moveFocus(event) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const stops = [...event.currentTarget.querySelectorAll('input, a')]
  const next = stops[stops.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function welcome(state, path) {
  const count = state.logic.filter((logic) => !logic.private).length
  return h('div', { class: 'empty' },
    h('h1', null, path === undefined ? state.project : `There is no ${path}`),
    h('p', null, count === 0 ? 'This project has no logic that can be called yet.' : `${count} logic${count === 1 ? '' : 's'} can be called. Choose one.`),
    h('p', { class: 'keys quiet' }, h('kbd', null, '/'), ' finds, ', h('kbd', null, '↑'), ' ', h('kbd', null, '↓'), ' move, ', h('kbd', null, 'Ctrl'), ' ', h('kbd', null, 'Enter'), ' runs.'))
}

function details(state, logic, changed) {
  const { access } = logic
  return h('article', null,
    h('a', { class: 'back', href: '#/' }, '‹ All logic'),
    h('header', { class: 'title' },
      h('h1', null, logic.path),
      h('div', { class: 'badges' },
        h('span', { class: 'badge' }, logic.kind === 'sql' ? `SQL on ${logic.sql.database}` : 'TypeScript'),
        logic.private ? h('span', { class: 'badge warn' }, 'private') : h('span', { class: `badge ${access === 'public' ? 'good' : ''}` }, typeof access === 'string' ? access : `role ${access.join(' or ')}`),
        logic.cache && h('span', { class: 'badge' }, `cached ${logic.cache / 1000} s`),
        logic.sql?.readOnly && h('span', { class: 'badge' }, 'read-only'))),
    logic.description && h('p', { class: 'description' }, prose(logic.description)),
    h('p', { class: 'quiet source' }, h('code', null, logic.source)),
    logic.private ? h('p', { class: 'card note' }, 'Private: other logic may call it, no client can. So there is nothing to run here.') : callPanel(state, logic, changed),
    logic.sql && sqlCard(logic),
    logic.returns && h('details', { class: 'card' }, h('summary', null, `Returns ${typeOf(logic.returns)}`), h('pre', { tabindex: 0 }, JSON.stringify(logic.returns, undefined, 2))),
    Object.keys(logic.params.properties ?? {}).length > 0 && h('details', { class: 'card' }, h('summary', null, 'Params, as JSON Schema'), h('pre', { tabindex: 0 }, JSON.stringify(logic.params, undefined, 2))))
}

function sqlCard({ sql, params }) {
  return h('details', { class: 'card', open: true },
    h('summary', null, 'SQL, as it is sent'),
    h('pre', { class: 'sql', tabindex: 0, 'aria-label': 'SQL' }, piecesOf(sql.text).map(({ kind, text }) => (kind === 'plain' ? text : h('span', { class: `sql-${kind}` }, text)))),
    sql.bindings.length > 0 && h('dl', { class: 'bindings' }, sql.bindings.map((name, index) => h('div', null,
      h('dt', null, `${index + 1}`), h('dd', null, h('code', null, name), name.startsWith('auth.') ? h('span', { class: 'quiet' }, ' from the token') : h('span', { class: 'quiet' }, ` ${typeOf(params.properties?.[name] ?? {}, params)}`))))),
    h('p', { class: 'quiet' }, `Returns ${{ rows: 'all rows', row: 'exactly one row', 'row?': 'one row or null', value: 'one value', affected: 'how many rows changed' }[sql.result]}.`))
}
