import { randomUUID } from 'node:crypto'
import { defineLogic, LogicError } from '@santokit/bridge'
import { z } from 'zod'
import { totalOf } from '../../lib/money.ts'

type Line = { readonly productId: number; readonly quantity: number; readonly unitPrice: string }

export default defineLogic({
  description: "Orders everything in the caller's cart: all of it, or nothing.",
  params: z.object({
    /** The total the caller has seen. If prices have changed since, nothing is ordered. */
    expectedTotal: z.string().regex(/^\d+\.\d\d$/).optional(),
  }),
  returns: z.object({ id: z.uuid(), total: z.string(), lines: z.int() }),
  async handler({ params, db, auth, call, log }) {
    return db.main.transaction(async (tx) => {
      // Takes the cart first: of two calls at once, the second waits here and then finds it empty.
      const lines = await tx.rows<Line>(
        `with taken as (delete from cart_items where user_id = $1 returning product_id, quantity)
         select product_id as "productId", quantity, price as "unitPrice"
         from taken join products on id = product_id order by product_id`,
        [auth.sub],
      )
      if (lines.length === 0) throw new LogicError(409, 'cart_empty', 'There is nothing in the cart.')

      const total = totalOf(lines)
      if (params.expectedTotal !== undefined && params.expectedTotal !== total) {
        throw new LogicError(409, 'price_changed', `The cart now costs ${total}.`, { total })
      }
      await call('stock/_take', { items: lines.map(({ productId, quantity }) => ({ productId, quantity })) }, { tx })

      const id = randomUUID()
      await tx.exec('insert into orders (id, user_id, total) values ($1, $2, $3)', [id, auth.sub, total])
      await tx.exec(
        `insert into order_items (order_id, product_id, quantity, unit_price)
         select $1, * from unnest($2::int[], $3::int[], $4::numeric[])`,
        [id, lines.map((line) => line.productId), lines.map((line) => line.quantity), lines.map((line) => line.unitPrice)],
      )
      await call('_audit/record', { action: 'order placed', orderId: id, details: { total } }, { tx })
      log.info('order placed', { order: id, lines: lines.length })
      return { id, total, lines: lines.length }
    })
  },
})
