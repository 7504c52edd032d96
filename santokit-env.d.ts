// Written by `stk sync` from the projects' logic. Do not edit: it is written anew.
import type { Call, Json, Row } from '@santokit/client'

declare module '@santokit/client' {
  interface Projects {
    links: {
      readonly links: {
        /** Shortens a URL, under a slug of the caller's choice or a random one. */
        readonly create: Call<{
          readonly slug?: string
          readonly url: string
        }, {
          readonly slug: string
          readonly url: string
        }>
        /** The caller's links, the latest first. */
        readonly list: Call<{
          /** Only links whose URL contains this. */
          readonly contains?: string
          readonly limit?: number
          readonly offset?: number
        }, readonly Row[]>
        /** Removes one of the caller's links with its statistics. Says how many links that were, 1 or 0. */
        readonly remove: Call<{
          readonly slug: string
        }, number>
        /** Where a short link leads, or null. Counts the hit in the same statement. */
        readonly resolve: Call<{
          readonly slug: string
        }, Row | null>
        /** Hits of one of the caller's links by day, the latest first. Days without a hit are left out. */
        readonly stats: Call<{
          readonly days?: number
          readonly slug: string
        }, readonly Row[]>
      }
    }
    shop: {
      readonly cart: {
        /** Puts a product into the caller's cart, up to 99 of it. Null if it is not on sale. */
        readonly add: Call<{
          readonly productId: number
          readonly quantity?: number
        }, Row | null>
        /** What is in the caller's cart, at today's prices. */
        readonly get: Call<{ readonly [name: string]: never }, readonly Row[]>
        /** Takes a product out of the caller's cart. Says how many lines that removed. */
        readonly remove: Call<{
          readonly productId: number
        }, number>
        /** What the caller's cart costs today. */
        readonly total: Call<{ readonly [name: string]: never }, Json>
      }
      readonly categories: {
        /** All categories, with the number of products on sale in each. */
        readonly list: Call<{ readonly [name: string]: never }, readonly Row[]>
      }
      readonly history: {
        /** Remembers that the caller looked at a product. */
        readonly add: Call<{
          readonly productId: number
        }, number>
        /** The products the caller looked at last, the latest first. */
        readonly list: Call<{
          readonly limit?: number
        }, readonly {
          readonly id: number
          readonly name: string
          readonly price: string
          readonly viewedAt: string
        }[]>
      }
      readonly orders: {
        /** One of the caller's orders with its items, or null. Somebody else's is null, too. */
        readonly get: Call<{
          readonly id: string
        }, Row | null>
        /** The caller's orders, the latest first; pass the last `placedAt` you got as `before`. */
        readonly list: Call<{
          readonly before?: string
          readonly limit?: number
          readonly status?: "paid" | "refunded"
        }, readonly Row[]>
        /** Orders everything in the caller's cart: all of it, or nothing. */
        readonly place: Call<{
          readonly expectedTotal?: string
        }, {
          readonly id: string
          readonly lines: number
          readonly total: string
        }>
        /** Gives an order back: its items return to stock. */
        readonly refund: Call<{
          readonly id: string
          readonly reason: string
        }, {
          readonly refunded: string
          readonly restocked: number
        }>
      }
      readonly products: {
        /** One product, or null. */
        readonly get: Call<{
          readonly id: number
        }, Row | null>
        /** A category page by page; pass the last id you got as `after`. */
        readonly list: Call<{
          readonly after?: number
          readonly category: string
          readonly limit?: number
        }, readonly Row[]>
        /** Several products at once, in the order asked for. Unknown ids are left out. */
        readonly pick: Call<{
          readonly ids: readonly number[]
        }, readonly Row[]>
        /** Finds products by words, category and price. */
        readonly search: Call<{
          readonly category?: string
          readonly limit?: number
          readonly maxPrice?: number
          readonly offset?: number
          /** Words, as people type them into a search box. */
          readonly q?: string
          readonly sort?: "name" | "price" | "-price"
        }, readonly Row[]>
      }
      readonly stock: {
        /** What is running out, with how much of it was sold. For `admin` and `staff`, by the config's permissions. */
        readonly report: Call<{
          readonly below?: number
          readonly limit?: number
        }, readonly Row[]>
      }
    }
  }
}
