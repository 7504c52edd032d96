/**
 * The fields of a form for params, by their JSON Schema. Knows nothing of the page, so that it can be tested by itself.
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {'text' | 'number' | 'boolean' | 'choice' | 'choices' | 'json'} kind `json` is typed as JSON: lists, objects, and what else there is.
 * @property {boolean} required
 * @property {string} type as a person reads it: `integer, 1 to 100`.
 * @property {string | undefined} description
 * @property {string | undefined} placeholder what counts if it is left empty, or an example.
 * @property {readonly (string | number)[]} options of a choice.
 * @property {boolean} isText whether what is typed is a string.
 */

/** @returns {readonly Field[]} required ones first, else as the schema has them. */
export function fieldsOf(schema) {
  const required = new Set(schema.required ?? [])
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => fieldOf(name, resolve(property, schema), required.has(name), schema))
  return fields.toSorted((a, b) => Number(b.required) - Number(a.required))
}

function fieldOf(name, schema, required, document) {
  const options = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
  const items = schema.type === 'array' && schema.items !== undefined ? resolve(schema.items, document) : undefined
  const field = {
    name, required, type: typeOf(schema, document), description: schema.description,
    placeholder: schema.default === undefined ? exampleOf(schema) : `default: ${asText(schema.default)}`,
    isText: schema.type === 'string', options,
  }
  if (options.length > 0 && options.every(isPlain)) return { ...field, kind: 'choice', isText: typeof options[0] === 'string' }
  if (items?.enum?.every(isPlain)) return { ...field, kind: 'choices', options: items.enum }
  const kind = { string: 'text', integer: 'number', number: 'number', boolean: 'boolean' }[schema.type] ?? 'json'
  return { ...field, kind }
}

/** Follows `$ref`, and takes `null` out of a choice between it and one other thing. */
function resolve(schema, document, depth = 0) {
  if (typeof schema !== 'object' || schema === null || depth > 8) return {}
  if (typeof schema.$ref === 'string') {
    const target = schema.$ref === '#' ? document : schema.$ref.replace(/^#\//, '').split('/').reduce((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document)
    return resolve({ ...target, ...without(schema, '$ref') }, document, depth + 1)
  }
  const choices = schema.anyOf ?? schema.oneOf
  const others = choices?.filter((choice) => choice.type !== 'null')
  if (others?.length === 1 && others.length < choices.length) return resolve({ ...without(without(schema, 'anyOf'), 'oneOf'), ...others[0] }, document, depth + 1)
  return schema
}

function without(object, name) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}

/** A type in a few words. */
export function typeOf(schema, document = schema) {
  const known = resolve(schema, document)
  if (known.enum !== undefined) return known.enum.map(asText).join(' | ')
  const items = known.type === 'array' && known.items !== undefined ? resolve(known.items, document) : undefined
  const base = items === undefined ? known.format ?? (known.contentEncoding === 'base64' ? 'base64' : known.type ?? 'any JSON') : `list of ${typeOf(items, document)}`
  return [Array.isArray(base) ? base.join(' | ') : base, ...bounds(known)].join(', ')
}

function bounds(schema) {
  const range = (low, high, unit) => {
    const isLow = low !== undefined && low > -Number.MAX_SAFE_INTEGER
    const isHigh = high !== undefined && high < Number.MAX_SAFE_INTEGER && high < 2147483647
    if (isLow && isHigh) return [`${low} to ${high}${unit}`]
    return isLow ? [`at least ${low}${unit}`] : isHigh ? [`at most ${high}${unit}`] : []
  }
  return [
    ...range(schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum, ''),
    ...range(schema.minLength, schema.maxLength, ' characters'),
    ...range(schema.minItems, schema.maxItems, ' items'),
    ...(schema.pattern === undefined || schema.format !== undefined ? [] : [`like ${schema.pattern}`]),
  ]
}

const EXAMPLES = { uuid: '00000000-0000-4000-8000-000000000000', date: '2026-01-31', 'date-time': '2026-01-31T12:00:00Z', email: 'person@example.com', uri: 'https://example.com' }

function exampleOf(schema) {
  if (schema.type === 'array') return '[ … ]'
  if (schema.type === 'object') return '{ … }'
  return EXAMPLES[schema.format]
}

function isPlain(value) {
  return typeof value === 'string' || typeof value === 'number'
}

function asText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The params of what was typed. An empty field is left out, but for a required text: an empty text is one.
 *
 * @param {readonly Field[]} fields
 * @param {Readonly<Record<string, string | readonly string[]>>} typed by name.
 * @returns {{ params: Record<string, unknown>, problems: { path: string, message: string }[] }} what cannot be sent at all is a problem.
 */
export function paramsOf(fields, typed) {
  const params = {}
  const problems = []
  for (const field of fields) {
    const value = typed[field.name]
    if (field.kind === 'choices') {
      if (value?.length > 0) params[field.name] = field.options.filter((option) => value.includes(String(option)))
      continue
    }
    if (value === undefined || (value === '' && !(field.required && field.kind === 'text'))) continue
    if (field.kind === 'text') params[field.name] = value
    else if (field.kind === 'choice') params[field.name] = field.options.find((option) => String(option) === value)
    else if (field.kind === 'boolean') params[field.name] = value === 'true'
    // What is no number is sent as it is: the Bridge says what is wrong with it.
    else if (field.kind === 'number') params[field.name] = isNumber(value) ? Number(value) : value
    else {
      try {
        params[field.name] = JSON.parse(value)
      } catch {
        problems.push({ path: field.name, message: 'This is not JSON.' })
      }
    }
  }
  return { params, problems }
}

function isNumber(text) {
  return text.trim() !== '' && Number.isFinite(Number(text))
}

/** What would have to be typed for these params. */
export function typedFrom(fields, params) {
  return Object.fromEntries(fields.flatMap(({ name, kind }) => {
    const value = params[name]
    if (value === undefined) return []
    if (kind === 'choices') return [[name, [value].flat().map(String)]]
    return [[name, kind === 'json' ? JSON.stringify(value, undefined, 2) : typeof value === 'object' ? JSON.stringify(value) : String(value)]]
  }))
}
