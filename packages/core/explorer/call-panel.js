import { caller, renew, signIn } from './caller.js'
import { copyButton, fill, h, ms, prose } from './dom.js'
import { fieldsOf, paramsOf, typedFrom } from './form.js'
import { layOut, parseExactly, tableOf } from './json-text.js'
import { asClientCall, asCurl } from './snippets.js'
import { signInControl } from './sign-in.js'

/** What was typed and answered last, by logic, so that a save or a look elsewhere loses nothing. */
const kept = new Map()

/** The form of a logic's params, the button that runs it, and its answer. */
export function callPanel(state, logic, changed) {
  const memory = kept.get(logic.path) ?? { mode: 'form', typed: {}, json: '{}' }
  kept.set(logic.path, memory)
  const fields = fieldsOf({ ...logic.params, properties: inOrder(logic) })
  const inputs = new Map()
  const answer = h('section', { class: 'answer', 'aria-label': 'Answer', 'aria-live': 'polite' })
  const body = h('div', { class: 'fields' })

  const read = () => {
    if (memory.mode === 'json') {
      try {
        return { params: JSON.parse(memory.json || '{}'), problems: [] }
      } catch {
        return { params: {}, problems: [{ path: '', message: 'The params are not JSON.' }] }
      }
    }
    return paramsOf(fields, memory.typed)
  }
  const mark = (problems) => {
    for (const [name, { input, message }] of inputs) {
      const own = problems.filter(({ path }) => path.split('.')[0] === name)
      message.textContent = own.map(({ path, message: text }) => `${path === name ? '' : `${path} `}${text}`).join(' ')
      if (own.length > 0) input.setAttribute('aria-invalid', 'true')
      else input.removeAttribute('aria-invalid')
    }
  }
  const run = async () => {
    const { params, problems } = read()
    mark(problems)
    if (problems.length > 0) {
      inputs.get(problems[0].path)?.input.focus()
      return showProblems(answer, problems)
    }
    memory.isRunning = true
    runButton.disabled = true
    memory.result = await send(logic.path, params)
    memory.isRunning = false
    memory.answered()
    if (memory.result.status === 422) document.querySelector('.call [aria-invalid]')?.focus()
  }
  const showResult = () => {
    mark(memory.result.problem?.errors ?? [])
    showAnswer(answer, { result: memory.result, logic, state, params: memory.result.params, again })
  }
  // A save draws everything anew while a call runs, this panel too: the answer is for the one that is there when it comes.
  memory.answered = () => {
    runButton.disabled = false
    showResult()
  }
  // Signing in draws everything anew, this panel too: the one that comes then runs.
  const again = () => {
    memory.isDue = true
    changed()
  }
  const runButton = h('button', { type: 'submit', class: 'primary', title: 'Ctrl+Enter', disabled: memory.isRunning }, 'Run')
  const draw = () => {
    inputs.clear()
    if (memory.mode === 'json') {
      const input = h('textarea', { id: 'params-json', class: 'code', rows: Math.min(14, memory.json.split('\n').length + 2), spellcheck: 'false', 'aria-label': 'Params as JSON', oninput: () => { memory.json = input.value } }, memory.json)
      fill(body, input)
    } else fill(body, fields.map((field) => fieldRow(field, memory.typed, inputs)), fields.length === 0 && h('p', { class: 'quiet' }, 'It takes no params.'))
  }
  const modes = h('div', { class: 'segments', role: 'group', 'aria-label': 'How params are written' }, ['form', 'json'].map((mode) => h('button', { type: 'button', 'aria-pressed': memory.mode === mode, onclick: () => {
    if (mode === memory.mode) return
    const { params, problems } = read()
    if (problems.length > 0) return mark(problems)
    if (mode === 'json') memory.json = JSON.stringify(params, undefined, 2)
    else memory.typed = typedFrom(fields, params)
    memory.mode = mode
    for (const button of modes.children) button.setAttribute('aria-pressed', String(button.textContent.toLowerCase() === mode))
    draw()
  } }, mode === 'form' ? 'Form' : 'JSON')))
  draw()
  if (memory.result !== undefined) showResult()
  if (memory.isDue) {
    memory.isDue = false
    queueMicrotask(run)
  }
  const copied = () => ({ url: location.origin, project: state.project, path: logic.path, params: read().params, token: logic.access === 'public' ? undefined : caller()?.token })
  return [
    h('form', { class: 'card call', novalidate: true, onsubmit: (event) => { event.preventDefault(); void run() }, onkeydown: (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void run() }
    } },
    h('div', { class: 'row' }, h('h2', null, 'Params'), fields.length > 0 && modes),
    body,
    h('div', { class: 'row actions' }, runButton, h('span', { class: 'as quiet' }, 'as '), signInControl(state, changed), h('span', { class: 'grow' }),
      copyButton('Copy as curl', () => asCurl(copied()), 'With the token, if you are signed in'), copyButton('Copy as client call', () => asClientCall(copied()), 'For @santokit/client'))),
    answer,
  ]
}

/** A manifest keeps its keys sorted; SQL logic remembers the order in which its author wrote them. */
function inOrder({ params, order = [] }) {
  const properties = params.properties ?? {}
  return Object.fromEntries([...order.filter((name) => name in properties), ...Object.keys(properties).filter((name) => !order.includes(name))].map((name) => [name, properties[name]]))
}

function fieldRow(field, typed, inputs) {
  const id = `param-${field.name}`
  const keep = (value) => { typed[field.name] = value }
  const message = h('p', { class: 'problem', id: `${id}-problem` })
  const about = { id, name: field.name, 'aria-describedby': `${id}-about ${id}-problem`, 'aria-required': field.required }
  const input = control(field, typed[field.name], about, keep)
  inputs.set(field.name, { input, message })
  const label = h(field.kind === 'choices' ? 'span' : 'label', field.kind === 'choices' ? { id: `${id}-label` } : { for: id },
    h('span', { class: 'name' }, field.name), field.required && h('span', { class: 'required', title: 'required' }, h('span', { 'aria-hidden': true }, '*'), h('span', { class: 'hidden' }, ' required')))
  return h('div', { class: 'field' }, h('div', { class: 'about' }, label, h('span', { class: 'quiet type', id: `${id}-about` }, field.type)), h('div', null, input, field.description && h('p', { class: 'quiet' }, prose(field.description)), message))
}

function control(field, value, about, keep) {
  if (field.kind === 'choice' || field.kind === 'boolean') {
    const options = field.kind === 'boolean' ? ['true', 'false'] : field.options.map(String)
    const select = h('select', { ...about, onchange: () => keep(select.value) },
      h('option', { value: '' }, field.placeholder === undefined ? (field.required ? 'choose …' : 'not given') : field.placeholder), options.map((option) => h('option', { value: option, selected: option === value }, option)))
    return select
  }
  if (field.kind === 'choices') {
    const boxes = field.options.map((option) => h('input', { type: 'checkbox', value: option, checked: value?.includes(String(option)), onchange: () => keep(boxes.filter((box) => box.checked).map((box) => box.value)) }))
    return h('div', { class: 'choices', role: 'group', tabindex: -1, 'aria-labelledby': `${about.id}-label` }, boxes.map((box) => h('label', { class: 'chip' }, box, box.value)))
  }
  const plain = { ...about, placeholder: field.placeholder, autocomplete: 'off', spellcheck: 'false' }
  if (field.kind === 'json') {
    const area = h('textarea', { ...plain, class: 'code', rows: 2, oninput: () => keep(area.value) }, value ?? '')
    return area
  }
  const input = h('input', { ...plain, value, inputmode: field.kind === 'number' ? 'decimal' : undefined, oninput: () => keep(input.value) })
  return input
}

async function send(path, params) {
  const token = caller()?.token
  const request = (bearer) => fetch('/call', {
    method: 'POST', headers: { 'content-type': 'application/json', ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) }, body: JSON.stringify({ path, params }), cache: 'no-store',
  })
  try {
    let began = performance.now()
    let response = await request(token)
    // The issuer's key is a new one after a restart of `stk dev`.
    if (response.status === 401 && token !== undefined) {
      await renew()
      began = performance.now()
      response = await request(caller()?.token)
    }
    const text = await response.text()
    const took = performance.now() - began
    const requestId = response.headers.get('x-request-id')
    const isProblem = !response.ok
    const note = isProblem && requestId !== null ? await fetch(`/_stk/api/calls/${encodeURIComponent(requestId)}`).then((answer) => answer.json()).catch(() => null) : null
    return { status: response.status, text, took, timing: readTiming(response.headers.get('server-timing')), requestId, note, params, problem: isProblem ? parse(text) : undefined }
  } catch (error) {
    return { status: 0, text: '', took: 0, timing: {}, params, problem: { title: 'No answer', detail: `stk dev does not answer: ${error.message}` } }
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return { title: 'Not JSON', detail: text }
  }
}

/** `bridge;dur=3.2, db;dur=1.4` */
function readTiming(header) {
  return Object.fromEntries([...(header ?? '').matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, value]) => [name, Number(value)]))
}

function showProblems(place, problems) {
  fill(place, h('div', { class: 'card' }, h('p', { class: 'problem', role: 'alert' }, `Not sent. ${problems.map(({ path, message }) => `${path} ${message}`.trim()).join(' ')}`)))
}

function showAnswer(place, { result, logic, state, params, again }) {
  const { status, text, problem, timing, took, requestId, note } = result
  const data = problem === undefined ? safely(() => parseExactly(text).data) : undefined
  const table = tableOf(data)
  const shown = problem === undefined ? layOut(text.startsWith('{"data":') ? text.slice('{"data":'.length, -1) : text) : layOut(text)
  const json = h('pre', { class: 'json', tabindex: 0, 'aria-label': 'Answer as JSON' }, shown.length > 400_000 ? `${shown.slice(0, 400_000)}\n…` : shown)
  const content = h('div', null, table === undefined ? json : tableView(table))
  const modes = table && h('div', { class: 'segments', role: 'group', 'aria-label': 'How the answer is shown' }, ['Table', 'JSON'].map((mode, index) => h('button', { type: 'button', 'aria-pressed': index === 0, onclick: (event) => {
    for (const button of event.currentTarget.parentElement.children) button.setAttribute('aria-pressed', String(button === event.currentTarget))
    fill(content, mode === 'Table' ? tableView(table) : json)
  } }, mode)))
  fill(place, h('div', { class: 'card' },
    h('div', { class: 'row' },
      h('h2', null, 'Answer'),
      h('span', { class: `badge status ${status >= 200 && status < 300 ? 'good' : 'bad'}` }, status === 0 ? 'no answer' : String(status)),
      Array.isArray(data) && h('span', { class: 'quiet' }, `${data.length} ${data.length === 1 ? 'row' : 'rows'}`),
      h('span', { class: 'grow' }),
      modes, copyButton('Copy', () => shown)),
    timings(timing, took, requestId),
    problem && problemView(problem, { logic, state, status, again }),
    note?.error && h('details', { class: 'logged', open: true }, h('summary', null, 'What the Bridge logged (no client sees this)'), h('pre', { tabindex: 0 }, note.error.stack ?? `${note.error.name}: ${note.error.message}`)),
    problem === undefined ? content : h('details', null, h('summary', null, 'The whole problem document'), json),
    problem === undefined && logic.sql && bound(logic, params)))
}

function safely(work) {
  try {
    return work()
  } catch {
    return undefined
  }
}

function timings({ bridge, db }, took, requestId) {
  const parts = [bridge !== undefined && ['in the Bridge', bridge], db !== undefined && ['in the database', db], ['round trip', took]].filter(Boolean)
  return h('p', { class: 'timings' }, parts.map(([label, value]) => h('span', null, h('strong', null, ms(value)), ` ${label}`)), requestId && h('span', { class: 'quiet id', title: 'Request id: the log of the Bridge has it, too' }, requestId))
}

function problemView(problem, { logic, state, status, again }) {
  const roles = Array.isArray(logic.access) ? logic.access : []
  const mayHelp = (status === 401 || status === 403) && state.audiences.length > 0
  return h('div', { class: 'problem-box', role: 'alert' },
    h('p', null, h('strong', null, problem.code ?? problem.title), ' ', problem.detail),
    problem.errors?.length > 0 && h('ul', null, problem.errors.map(({ path, message }) => h('li', null, h('code', null, path === '' ? 'params' : path), ` ${message}`))),
    mayHelp && h('div', { class: 'row' }, (roles.length === 0 ? [undefined] : roles).map((role) => h('button', { type: 'button', onclick: async () => {
      const { sub = 'developer', claims } = caller() ?? {}
      await signIn({ sub, roles: role === undefined ? [] : [role], claims })
      again()
    } }, role === undefined ? 'Sign in and run' : `Sign in as ${role} and run`))))
}

const MOST_ROWS = 200

function tableView({ columns, rows }) {
  const isNumeric = (name) => typeof rows.find((row) => row[name] !== null && row[name] !== undefined)?.[name] === 'number'
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows' },
    h('table', null, h('thead', null, h('tr', null, columns.map((name) => h('th', { scope: 'col', class: isNumeric(name) ? 'number' : undefined }, name)))),
      h('tbody', null, rows.slice(0, MOST_ROWS).map((row) => h('tr', null, columns.map((name) => cell(row[name])))))),
    rows.length > MOST_ROWS && h('p', { class: 'quiet' }, `${rows.length - MOST_ROWS} more rows: see JSON.`))
}

function cell(value) {
  if (value === undefined) return h('td', null)
  if (value === null || typeof value === 'boolean') return h('td', { class: 'quiet' }, String(value))
  if (typeof value === 'number') return h('td', { class: 'number' }, String(value))
  return h('td', { class: typeof value === 'object' ? 'code' : undefined }, typeof value === 'object' ? JSON.stringify(value) : value)
}

/** What went to each place of the statement. */
function bound({ sql, params: schema }, params) {
  if (sql.bindings.length === 0) return undefined
  const valueOf = (name) => {
    if (name.startsWith('auth.')) return 'from the token'
    const value = params[name] ?? schema.properties?.[name]?.default ?? null
    return JSON.stringify(value)
  }
  return h('details', null, h('summary', null, 'What was bound'), h('dl', { class: 'bindings' }, sql.bindings.map((name, index) => h('div', null, h('dt', null, String(index + 1)), h('dd', null, h('code', null, name), ' ', h('span', { class: 'quiet' }, valueOf(name)))))))
}
