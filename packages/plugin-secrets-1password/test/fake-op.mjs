// Stands in for the `op` CLI: strict (what it does not know fails), with the texts that the real one prints.
// Its world is OP_CONFIG_DIR/world.json; each call is a line of OP_CONFIG_DIR/calls.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const place = process.env.OP_CONFIG_DIR
const world = JSON.parse(readFileSync(join(place, 'world.json'), 'utf8'))
const args = process.argv.slice(2)
appendFileSync(join(place, 'calls'), `${JSON.stringify({ pid: process.pid, args, env: Object.keys(process.env).sort() })}\n`)

const fail = (text) => {
  process.stderr.write(`[ERROR] 2026/03/04 05:06:07 ${text}\n`)
  process.exit(1)
}
const same = (wanted, id, label) => id === wanted || (label ?? '').toLowerCase() === wanted.toLowerCase()

if (world.hangs) await new Promise(() => setInterval(() => {}, 1000))
await new Promise((resolve) => setTimeout(resolve, world.latency ?? 0))
if (world.token !== undefined && process.env.OP_SERVICE_ACCOUNT_TOKEN !== world.token) {
  fail(process.env.OP_SERVICE_ACCOUNT_TOKEN === undefined
    ? 'You are not currently signed in. Please run `op signin --help` for instructions'
    : 'error initializing client: Validation: (failed to session.DecodeSACredentials), Server: (failed to DecodeSACredentials), illegal base64 data at input byte 4')
}
if (world.says !== undefined) fail(world.says)
if (world.allowed !== undefined && readFileSync(join(place, 'calls'), 'utf8').split('\n').length - 1 > world.allowed) fail('Too many requests. Your client has been rate-limited.')

const isUsage = (pattern) => pattern.length === args.length && pattern.every((part, index) => (part instanceof RegExp ? part.test(args[index]) : part === args[index]))

if (isUsage(['inject', '--in-file', /./])) {
  const text = readFileSync(args[2], 'utf8').replaceAll(/\{\{ (op:\/\/[^}]+?) \}\}/g, (_, reference) => strip(read(reference, 'inject')))
  process.stdout.write(`${text}\n`)
} else if (isUsage(['read', '--no-newline', '--', /^op:\/\//])) {
  process.stdout.write(read(args[3], 'read'))
} else if (isUsage(['item', 'get', /^--vault=./, '--format=json', '--', /./])) {
  const vault = vaultOf(args[2].slice('--vault='.length))
  const item = itemOf(vault, args[5], () => `"${args[5]}" isn't an item in the "${vault.name}" vault. Specify the item with its UUID, name, or domain.`)
  process.stdout.write(JSON.stringify({ ...item, vault: { id: vault.id, name: vault.name } }))
} else if (isUsage(['whoami', '--format=json'])) {
  process.stdout.write(JSON.stringify(world.token === undefined
    ? { url: 'https://acme.1password.com', email: 'ops@acme.example', user_uuid: 'U', account_uuid: 'A' }
    : { url: 'https://acme.1password.com', user_uuid: 'U', account_uuid: 'A', user_type: 'SERVICE_ACCOUNT' }))
} else {
  process.stderr.write(`fake op does not know: ${args.join(' ')}\n`)
  process.exit(64)
}

function read(reference, how) {
  const about = (text) => (how === 'read' ? `could not read secret '${reference}': ${text}` : text)
  const [path, query] = reference.slice('op://'.length).split('?')
  const parts = path.split('/')
  if (parts.length < 3) fail(`invalid secret reference '${reference}': too few '/': secret references should have at least vault, item and field specified`)
  const [vaultName, itemName] = parts
  const [section, fieldName] = parts.length === 4 ? parts.slice(2) : [undefined, parts[2]]
  const vault = vaultOf(vaultName, about)
  const item = itemOf(vault, itemName, () => (how === 'read'
    ? about(`could not get item ${vaultName}/${itemName}: "${itemName}" isn't an item in the "${vaultName}" vault. Specify the item with its UUID, name, or domain.`)
    : `could not resolve item UUID for item ${itemName}: could not find item ${itemName} in vault ${vault.id}`))
  const field = item.fields.find(({ id, label, section: at }) => same(fieldName, id, label) &&
    (section === undefined || (at !== undefined && same(section, at.id, item.sections.find((one) => one.id === at.id)?.label))))
  if (field === undefined) fail(about(`item '${vaultName}/${itemName}' does not have a field '${section === undefined ? '' : `${section}.`}${fieldName}'`))
  return query === 'attribute=otp' ? field.totp ?? fail(about('the field is not a one-time password')) : field.value
}

function vaultOf(name, about = (text) => text) {
  return world.vaults.find((vault) => same(name, vault.id, vault.name)) ?? fail(about(`"${name}" isn't a vault in this account. Specify the vault with its ID or name.`))
}

function itemOf(vault, name, missing) {
  const found = vault.items.filter((item) => same(name, item.id, item.title))
  if (found.length > 1) fail(`More than one item matches "${name}". Try again and specify the item by its ID:\n\t* for the item "${name}" in vault ${vault.name}: ${found[0].id}\n\t* for the item "${name}" in vault ${vault.name}: ${found[1].id}`)
  return found[0] ?? fail(missing())
}

/** `op inject` drops control characters but tab, line feed, vertical tab, form feed and carriage return. */
function strip(value) {
  return value.replaceAll(/[\u0000-\u0008\u000E-\u001F\u007F]/g, '')
}
