import { defineLogic, LogicError } from '@santokit/bridge'
import { z } from 'zod'

/** Private (its name begins with `_`): other logic calls it, inside the transaction that it is given. */
export default defineLogic({
  params: z.object({ items: z.array(z.object({ productId: z.int(), quantity: z.int().positive() })).min(1) }),
  async handler({ params, db }) {
    const ids = params.items.map((item) => item.productId)
    // Locked in the order of their ids by everyone, so that two orders never wait for each other.
    const rows = await db.main.rows<{ productId: number; available: number; name: string }>(
      `select s.product_id as "productId", s.quantity as available, p.name
       from stock s join products p on p.id = s.product_id and p.active
       where s.product_id = any($1) order by s.product_id for update of s`,
      [ids],
    )
    const found = new Map(rows.map((row) => [row.productId, row]))
    const missing = params.items
      .map(({ productId, quantity }) => ({ productId, wanted: quantity, available: found.get(productId)?.available ?? 0 }))
      .filter(({ wanted, available }) => wanted > available)
    if (missing.length > 0) {
      const names = missing.map(({ productId }) => found.get(productId)?.name ?? `product ${productId}`)
      throw new LogicError(409, 'out_of_stock', `Not enough left of ${names.join(', ')}.`, { items: missing })
    }
    await db.main.exec(
      `update stock set quantity = stock.quantity - wanted.quantity
       from unnest($1::int[], $2::int[]) as wanted (product_id, quantity) where stock.product_id = wanted.product_id`,
      [ids, params.items.map((item) => item.quantity)],
    )
  },
})
