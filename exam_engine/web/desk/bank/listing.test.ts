import { expect, it } from 'vitest'
import { BATCH_MAX, begun, bulkOf, extended, fits, kept, ranged, toggled } from './listing'
import type { BankItemRow, MoveEvent } from './shapes'
import { row } from './testing/bank'

const FITS: [string, Partial<BankItemRow>, MoveEvent[]][] = [
  ['a new draft', { status: 'draft', draft: 'draft', mine: true }, ['submit', 'discard']],
  ['its own in review', { status: 'review', draft: 'review', mine: true }, ['withdraw']],
  ["another's in review", { status: 'review', draft: 'review' }, ['approve', 'return']],
  ['one in force', { status: 'active' }, ['suspend', 'retire']],
  ['one in force and in review', { status: 'active', draft: 'review' }, ['approve', 'return', 'suspend', 'retire']],
  ['a suspended one', { status: 'suspended' }, ['reinstate', 'retire']],
  ['a retired one', { status: 'retired' }, []],
]

it.each(FITS)('%s offers what its state allows', (_, part, events) => {
  expect(bulkOf([row(1, part)], 'author').map((one) => one.event)).toEqual(events)
})

it('offers the nation nothing that is for writers', () => {
  expect(fits(row(1, { status: 'draft', draft: 'draft' }), 'submit', 'nation')).toBe(false)
  expect(fits(row(1, { draft: 'review' }), 'approve', 'nation')).toBe(true)
})

it('adds pages without showing a row twice', () => {
  const first = begun({ rows: [row(1), row(2)], next: 'x', total: 3 })
  const whole = extended(first, { rows: [row(2, { stem: '新' }), row(3)], next: null, total: null })
  expect(whole.rows.map((one) => one.item_id)).toEqual([1, 2, 3])
  expect(whole).toMatchObject({ next: null, total: 3 })
  expect(whole.rows[1]?.stem).toBe('新')
})

it('chooses one by one and in ranges, never more than a batch', () => {
  const rows = Array.from({ length: 300 }, (_, at) => row(at + 1))
  expect([...toggled(new Set([1]), 1)]).toEqual([])
  expect([...ranged(new Set(), rows, 4, 2)]).toEqual([2, 3, 4])
  expect(ranged(new Set(), rows, 1, 300).size).toBe(BATCH_MAX)
  expect(toggled(ranged(new Set(), rows, 1, 300), 299).size).toBe(BATCH_MAX)
  expect([...kept(new Set([1, 999]), rows)]).toEqual([1])
})
