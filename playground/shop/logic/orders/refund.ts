import { defineLogic, LogicError } from '@santokit/bridge'
import { z } from 'zod'
import { toCents } from '../../lib/money.ts'

/** Above this an order needs a word with accounting first. */
const LIMIT = '2000.00'

export default defineLogic({
  description: 'Gives an order back: its items return to stock.',
  access: ['admin'],
  params: z.object({ id: z.uuid(), reason: z.string().min(3).max(200) }),
  returns: z.object({ refunded: z.string(), restocked: z.int() }),
  async handler({ params, db, call }) {
    return db.main.transaction(async (tx) => {
      const order = await tx.row<{ status: string; total: string }>(
        'select status, total from orders where id = $1 for update', [params.id],
      )
      if (order === undefined) throw new LogicError(404, 'order_not_found', 'There is no such order.')
      if (order.status === 'refunded') throw new LogicError(409, 'already_refunded', 'The order was refunded before.')
      if (toCents(order.total) > toCents(LIMIT)) throw new LogicError(409, 'too_large', `Orders above ${LIMIT} are refunded by accounting.`)

      await tx.exec(`update orders set status = 'refunded' where id = $1`, [params.id])
      const restocked = await call<number>('stock/_restock', { orderId: params.id }, { tx })
      await call('_audit/record', { action: 'order refunded', orderId: params.id, details: { reason: params.reason } }, { tx })
      return { refunded: order.total, restocked }
    })
  },
})
