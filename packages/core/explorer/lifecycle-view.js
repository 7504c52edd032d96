import { bytes, copyButton, fill, h, ms } from './dom.js'

/** Names of the steps of a reload, for people. */
const STEPS = { config: 'config', databases: 'schema and seed', bundle: 'bundle', write: 'unpack', start: 'start Bridge' }

/** Hooks in the order of the lifecycle. */
const HOOKS = ['bundle:before', 'bundle:logic', 'bundle:done', 'package:before', 'package:done', 'secrets:before', 'secrets:done', 'release:before', 'release:planned', 'release:done', 'error']

let chosen

/** How the project is built: the last reloads, plugins, hooks in their order, and what came out. */
export function lifecycleView({ state }) {
  return h('main', { id: 'main', class: 'lifecycle', tabindex: -1 },
    h('h1', { class: 'hidden' }, 'Lifecycle'),
    reloadsCard(state), h('div', { class: 'two' }, pluginsCard(state), hooksCard(state)), artifactsCard(state))
}

function reloadsCard({ reloads }) {
  const detail = h('div', { class: 'reload-detail' })
  const list = h('ol', { class: 'reloads' })
  const show = () => {
    const current = reloads.find(({ at }) => at === chosen) ?? reloads[0]
    fill(list, reloads.map((reload) => h('li', null, h('button', { type: 'button', 'aria-pressed': reload === current, onclick: () => { chosen = reload.at; show() } },
      h('span', { class: `badge ${reload.outcome === 'failed' ? 'bad' : reload.outcome === 'served' ? 'good' : ''}` }, reload.outcome),
      h('span', { class: 'ellipsis' }, reload.files.length === 0 ? 'start' : reload.files.join(', ')),
      h('span', { class: 'number' }, ms(reload.ms)), h('time', { class: 'quiet', datetime: reload.at }, new Date(reload.at).toLocaleTimeString())))))
    fill(detail, current && reloadDetail(current))
  }
  show()
  return h('section', { class: 'card', 'aria-labelledby': 'reloads-title' }, h('h2', { id: 'reloads-title' }, 'Builds'), h('div', { class: 'two' }, list, detail))
}

function reloadDetail({ steps, hooks, errors, ms: total }) {
  const sum = Math.max(total, steps.reduce((all, step) => all + step.ms, 0), 1)
  return [
    h('div', { class: 'bar', role: 'img', 'aria-label': steps.map((step) => `${STEPS[step.name]} ${ms(step.ms)}`).join(', ') },
      steps.map((step) => h('span', { class: `step ${step.name}`, 'data-share': Math.max(1, Math.round(step.ms / sum * 100)) }))),
    h('table', { class: 'compact' }, h('caption', { class: 'hidden' }, 'Steps'), h('tbody', null, steps.map((step) => h('tr', null, h('th', { scope: 'row' }, h('span', { class: `key ${step.name}`, 'aria-hidden': true }), STEPS[step.name]), h('td', { class: 'number' }, ms(step.ms)))),
      h('tr', { class: 'total' }, h('th', { scope: 'row' }, 'from the save to the new Bridge'), h('td', { class: 'number' }, ms(total))))),
    hooks.length > 0 && h('table', { class: 'compact' }, h('caption', null, 'In plugins'), h('tbody', null, hooks.map(({ plugin, hook, calls, ms: time }) => h('tr', null, h('th', { scope: 'row' }, plugin), h('td', null, hook), h('td', { class: 'number quiet' }, `${calls}×`), h('td', { class: 'number' }, ms(time)))))),
    errors?.map(errorView),
  ]
}

/** An error with its place, its frame and what to do. */
export function errorView({ code, title, why, fix, place, frame, from }) {
  return h('div', { class: 'error' },
    h('p', null, h('strong', null, code), ` ${title}`), h('p', null, why),
    place && h('p', null, h('code', null, place)), frame && h('pre', { tabindex: 0 }, frame),
    from && h('p', { class: 'quiet' }, `from ${from}`),
    fix.map((line) => h('p', { class: 'fix' }, h('span', { class: 'quiet' }, 'fix '), line)))
}

function pluginsCard({ plugins, targets }) {
  return h('section', { class: 'card', 'aria-labelledby': 'plugins-title' }, h('h2', { id: 'plugins-title' }, 'Plugins, in their order'),
    plugins.length === 0 ? h('p', { class: 'quiet' }, 'None.') : h('ol', { class: 'plugins' }, plugins.map(({ name, enforce, offers }) => h('li', null, h('strong', null, name), enforce && h('span', { class: 'badge' }, `enforce ${enforce}`), h('span', { class: 'quiet' }, offers.join(', ') || 'hooks only')))),
    h('h3', null, 'Targets of this project'),
    targets.length === 0 ? h('p', { class: 'quiet' }, 'None declared.') : h('ul', { class: 'plugins' }, targets.map(({ name, type, plugin }) => h('li', null, h('strong', null, name), h('span', { class: 'quiet' }, `${type === name ? '' : `type ${type}, `}by plugin ${plugin}`)))))
}

function hooksCard({ listeners, reloads }) {
  const times = reloads[0]?.hooks ?? []
  const used = HOOKS.filter((hook) => listeners.some((listener) => listener.hook === hook))
  const silent = HOOKS.filter((hook) => !used.includes(hook))
  const place = ({ enforce, order, before, after }) => [enforce && `enforce ${enforce}`, order && `order ${order}`, before && `before ${[before].flat().join(', ')}`, after && `after ${[after].flat().join(', ')}`].filter(Boolean).join(' · ')
  return h('section', { class: 'card', 'aria-labelledby': 'hooks-title' }, h('h2', { id: 'hooks-title' }, 'Hooks, in the order they are called'),
    used.map((hook) => h('div', { class: 'hook' }, h('h3', null, h('code', null, hook)), h('ol', null, listeners.filter((listener) => listener.hook === hook).map((listener) => {
      const time = times.find(({ plugin, hook: name }) => plugin === listener.plugin && name === hook)
      return h('li', null, h('span', null, listener.plugin), place(listener) !== '' && h('span', { class: 'quiet' }, place(listener)), time && h('span', { class: 'number quiet' }, ms(time.ms)))
    })))),
    silent.length > 0 && h('p', { class: 'quiet' }, used.length === 0 ? 'No plugin listens to a hook. There are: ' : 'Nobody listens to: ', silent.map((hook, index) => [index > 0 && ', ', h('code', null, hook)])))
}

function artifactsCard({ artifacts, digest }) {
  const total = artifacts.reduce((sum, file) => sum + file.bytes, 0)
  return h('section', { class: 'card', 'aria-labelledby': 'artifacts-title' },
    h('div', { class: 'row' }, h('h2', { id: 'artifacts-title' }, 'Bundle'), digest && h('code', { class: 'quiet ellipsis' }, digest), h('span', { class: 'grow' }), digest && copyButton('Copy digest', () => digest)),
    artifacts.length === 0 ? h('p', { class: 'quiet' }, 'Nothing is built yet.') : [
      h('p', { class: 'quiet' }, `${artifacts.length} files, ${bytes(total)}. While developing, installed packages stay apart; a release’s bundle holds them, too.`),
      h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Files of the bundle' }, h('table', null, h('thead', null, h('tr', null, ['File', 'Size', 'Digest'].map((name) => h('th', { scope: 'col', class: name === 'Size' ? 'number' : undefined }, name)))),
        h('tbody', null, artifacts.map(({ path, bytes: size, digest: hash }) => h('tr', null, h('td', null, h('code', null, path)), h('td', { class: 'number' }, bytes(size)), h('td', { class: 'quiet' }, h('code', { title: hash }, hash.slice(0, 19)))))))),
    ])
}
