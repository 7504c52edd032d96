/** 2 400 links of 40 people with their hits over 30 days: the same ones every time. */
const SITES = ['example.com', 'example.org', 'example.net']
const WORDS = ['notes', 'recipes', 'maps', 'talks', 'photos', 'papers', 'tools', 'music', 'games', 'books', 'films', 'walks']

export default async function seed({ db }) {
  const links = Array.from({ length: 2400 }, (_, n) => {
    const word = WORDS[n % WORDS.length]
    const created = new Date(Date.UTC(2025, 0, 1) + (n % 60) * 86_400_000).toISOString().replace('.000', '')
    return { slug: `${word}-${n}`, url: `https://${SITES[n % 3]}/${word}/${n}`, owner: `customer-${n % 40}`, created, days: hitDays(n) }
  })
  await insert(db, 'links (slug, url, owner, hits, created_at)', links.map(({ slug, url, owner, created, days }) =>
    [slug, url, owner, days.reduce((sum, { hits }) => sum + hits, 0), created]))
  await insert(db, 'hits_by_day (slug, day, hits)', links.flatMap(({ slug, days }) => days.map(({ day, hits }) => [slug, day, hits])))
}

function hitDays(n) {
  return Array.from({ length: n % 5 }, (_, k) => ({
    day: `2025-03-${String(1 + ((n + k * 7) % 30)).padStart(2, '0')}`,
    hits: 1 + ((n + k) % 9),
  }))
}

/** Many rows a statement: SQLite takes 32 766 values at once. */
async function insert(db, target, rows) {
  for (let from = 0; from < rows.length; from += 500) {
    const some = rows.slice(from, from + 500)
    await db.exec(`insert into ${target} values ${some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ')}`, some.flat())
  }
}
