import { caller, setCaller, signIn } from './caller.js'
import { fill, h } from './dom.js'

/**
 * The button that says who calls, and the dialog in which that is changed.
 *
 * @param {object} state the explorer's state.
 * @param {() => void} changed
 */
export function signInControl(state, changed) {
  const who = caller()
  if (state.audiences.length === 0) return h('span', { class: 'quiet', title: 'The project has auth: \'none\', so its Bridge asks nobody for a token.' }, 'no sign-in')
  const label = who === undefined ? 'Anonymous' : `${who.sub}${who.roles.length === 0 ? '' : ` · ${who.roles.join(', ')}`}`
  return h('button', { type: 'button', class: 'who', 'aria-haspopup': 'dialog', 'data-signed-in': who !== undefined, onclick: () => openDialog(state, changed) },
    h('span', { class: 'dot', 'aria-hidden': true }), h('span', { class: 'hidden' }, 'Signed in as: '), h('span', { class: 'ellipsis' }, label))
}

function openDialog(state, changed) {
  const who = caller() ?? { sub: 'developer', roles: [] }
  const problem = h('p', { class: 'problem', role: 'alert' })
  const sub = h('input', { id: 'caller-sub', value: who.sub, autocomplete: 'off', spellcheck: 'false', required: true })
  const known = state.roles.map((role) => ({ role, box: h('input', { type: 'checkbox', name: 'role', value: role, checked: who.roles.includes(role) }) }))
  const other = h('input', { id: 'caller-roles', value: who.roles.filter((role) => !state.roles.includes(role)).join(', '), placeholder: 'more roles, comma-separated', autocomplete: 'off', spellcheck: 'false' })
  const claims = h('textarea', { id: 'caller-claims', rows: 3, placeholder: '{ "org": "acme" }', spellcheck: 'false' }, Object.keys(who.claims ?? {}).length === 0 ? '' : JSON.stringify(who.claims, undefined, 2))
  const audience = state.audiences.length < 2 ? undefined : h('select', { id: 'caller-audience' }, state.audiences.map((name) => h('option', { selected: name === who.audience }, name)))
  const dialog = h('dialog', { class: 'card dialog', 'aria-labelledby': 'caller-title', onclose: () => dialog.remove() })
  const submit = async (event) => {
    event.preventDefault()
    const roles = [...known.filter(({ box }) => box.checked).map(({ role }) => role), ...other.value.split(',').map((role) => role.trim()).filter((role) => role !== '')]
    try {
      await signIn({ sub: sub.value, roles: [...new Set(roles)], claims: claims.value.trim() === '' ? {} : JSON.parse(claims.value), ...(audience === undefined ? {} : { audience: audience.value }) })
      dialog.close()
      changed()
    } catch (error) {
      problem.textContent = error instanceof SyntaxError ? 'The claims are not JSON.' : error.message
    }
  }
  fill(dialog, h('form', { method: 'dialog', onsubmit: submit },
    h('h2', { id: 'caller-title' }, 'Sign in'),
    h('p', { class: 'quiet' }, 'A token from this machine’s own issuer: the Bridge of stk dev trusts it, and no other does.'),
    h('label', { for: 'caller-sub' }, 'Subject'), sub,
    h('fieldset', null, h('legend', null, 'Roles'),
      h('div', { class: 'choices' }, known.map(({ role, box }) => h('label', { class: 'chip' }, box, role))), h('label', { class: 'hidden', for: 'caller-roles' }, 'More roles'), other),
    audience && [h('label', { for: 'caller-audience' }, 'Audience'), audience],
    h('details', { open: Object.keys(who.claims ?? {}).length > 0 }, h('summary', null, 'Further claims'), h('label', { class: 'hidden', for: 'caller-claims' }, 'Further claims, as JSON'), claims),
    problem,
    h('div', { class: 'row end' },
      caller() && h('button', { type: 'button', class: 'left', onclick: () => { setCaller(undefined); dialog.close(); changed() } }, 'Sign out'),
      h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { type: 'submit', class: 'primary' }, 'Sign in'))))
  document.body.append(dialog)
  dialog.showModal()
  sub.select()
}
