/**
 * Makes an element. Texts become text nodes: nothing that comes from a project is ever read as HTML.
 *
 * @param {string} tag
 * @param {Record<string, unknown> | null} [props] attributes; `on…` are listeners, `null` and `undefined` are left out.
 * @param {...unknown} children nodes, texts, or lists of them.
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name.startsWith('aria-') || name.startsWith('data-')) element.setAttribute(name, String(value))
    else if (value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...flat(children))
  return element
}

/** Puts `children` in the place of what `element` holds. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children))
  return element
}

/** A text of a project's author, with what stands between backticks as code. */
export function prose(text) {
  return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 0 ? part : h('code', null, part)))
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false)
}

/** A button that says for a moment that it has copied. */
export function copyButton(label, text, title) {
  const button = h('button', { type: 'button', class: 'small', title, onclick: async () => {
    await navigator.clipboard.writeText(text())
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = label }, 1200)
  } }, label)
  return button
}

/** Milliseconds as a person reads them. */
export function ms(value) {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ms`
}

/** Bytes as a person reads them. */
export function bytes(value) {
  if (value < 1000) return `${value} B`
  return value < 1_000_000 ? `${(value / 1000).toFixed(1)} kB` : `${(value / 1_000_000).toFixed(1)} MB`
}
