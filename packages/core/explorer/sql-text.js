const WORDS = new Set(('select from where and or not null is in on as join left right full inner outer cross lateral group by order having limit offset union all distinct with recursive insert into values ' +
  'update set delete returning conflict do nothing case when then else end exists between like ilike asc desc nulls first last for of using over partition filter within ordinality true false any').split(' '))

/**
 * SQL in pieces, so that it can be coloured.
 *
 * @param {string} text
 * @returns {readonly { kind: 'word' | 'text' | 'comment' | 'param' | 'plain', text: string }[]}
 */
export function piecesOf(text) {
  const pieces = []
  const pattern = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\d+|\?\d+|[A-Za-z_]\w*|[^A-Za-z_'"$?/-]+|[\s\S]/g
  for (const [piece] of text.matchAll(pattern)) pieces.push({ kind: kindOf(piece), text: piece })
  return pieces
}

function kindOf(piece) {
  if (piece.startsWith('--') || piece.startsWith('/*')) return 'comment'
  if (piece.startsWith("'")) return 'text'
  if (/^[$?]\d/.test(piece)) return 'param'
  return WORDS.has(piece.toLowerCase()) ? 'word' : 'plain'
}
