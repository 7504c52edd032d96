import { expect, test } from 'vitest'
import { inOrder } from './order.ts'

const object = (name: string, references: readonly string[] = [], index?: string) => ({
  kind: 'table' as const, name: `public.${name}`,
  parts: {
    ...Object.fromEntries(references.map((other) => [`constraint ${name}_${other}`, { type: 'foreign key', definition: `FOREIGN KEY (x) REFERENCES public.${other}(id)` }])),
    ...(index === undefined ? {} : { [`index ${index}`]: { definition: '' } }),
  },
})
const from = { objects: { 'table public.old_child': object('old_child', ['old_parent'], 'old_ix'), 'table public.old_parent': object('old_parent'), 'table public.kept': object('kept', ['old_parent']) } }

const orders = [
  [
    'CREATE TYPE "public"."mood" AS ENUM (\'a\')', 'CREATE TABLE "public"."b" ("id" int)', 'COMMENT ON COLUMN "public"."b"."id" IS \'"public"."a"\'',
    'CREATE TABLE "public"."a" ("id" int, "m" "public"."mood", CONSTRAINT "f" FOREIGN KEY ("b") REFERENCES "public"."b" ("id"))', 'CREATE INDEX "i" ON "public"."a" ("id")',
    'CREATE TABLE "public"."0" ("id" int)', 'ALTER TABLE "public"."kept" DROP CONSTRAINT "kept_old_parent"', 'DROP INDEX "public"."old_ix"',
    'DROP TABLE "public"."old_child"', 'DROP TABLE "public"."old_parent"', 'DROP TYPE "public"."gone"',
  ],
  [
    'CREATE TYPE "public"."mood" AS ENUM (\'a\')', 'ALTER TABLE "public"."kept" DROP CONSTRAINT "kept_old_parent"', 'DROP INDEX "public"."old_ix"', 'CREATE TABLE "public"."0" ("id" int)',
    'CREATE TABLE "public"."b" ("id" int)', 'COMMENT ON COLUMN "public"."b"."id" IS \'"public"."a"\'',
    'CREATE TABLE "public"."a" ("id" int, "m" "public"."mood", CONSTRAINT "f" FOREIGN KEY ("b") REFERENCES "public"."b" ("id"))', 'CREATE INDEX "i" ON "public"."a" ("id")',
    'DROP TABLE "public"."old_child"', 'DROP TABLE "public"."old_parent"', 'DROP TYPE "public"."gone"',
  ],
]

test('whatever chance made of it, the order is the same, and what depends comes behind', () => {
  const [first, second] = orders.map((order) => inOrder(order, from))
  expect(second).toEqual(first)
  const at = (word: string): number => (first ?? []).findIndex((sql) => sql.startsWith(word))
  expect(first?.toSorted()).toEqual(orders[0]?.toSorted())
  expect(at('CREATE TYPE')).toBeLessThan(at('CREATE TABLE "public"."a"'))
  expect(at('CREATE TABLE "public"."b"')).toBeLessThan(at('CREATE TABLE "public"."a"'))
  expect(at('CREATE TABLE "public"."a"')).toBeLessThan(at('CREATE INDEX'))
  expect(at('ALTER TABLE "public"."kept"')).toBeLessThan(at('DROP TABLE "public"."old_parent"'))
  expect(at('DROP TABLE "public"."old_child"')).toBeLessThan(at('DROP TABLE "public"."old_parent"'))
})
