/**
 * Amounts of money. The database keeps them as `numeric`, which arrives as decimal text; in between they are counted in
 * cents, because 0.1 + 0.2 is not 0.3 for a `number`.
 */
export function toCents(amount: string): number {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(amount)
  if (match === null) throw new Error(`Not an amount: ${amount}`)
  const [, units = '0', fraction = ''] = match
  return Number(units) * 100 + Number(fraction.padEnd(2, '0'))
}

export function fromCents(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
}

/** What the lines of an order cost together. */
export function totalOf(lines: readonly { readonly quantity: number; readonly unitPrice: string }[]): string {
  return fromCents(lines.reduce((sum, line) => sum + line.quantity * toCents(line.unitPrice), 0))
}
