import { expect, it } from 'vitest'
import { tell } from './facts'

it('from and to stand side by side, whatever is missing on one side', () => {
  expect(tell({ from: { name: '甲', area: '' }, to: { name: '乙', disabled: true }, reason: '合并' })).toEqual({
    changes: [
      { name: 'name', from: '甲', to: '乙' },
      { name: 'disabled', from: '—', to: 'true' },
    ],
    facts: [{ name: 'reason', value: '合并' }],
  })
})

it('windows are compared at both ends', () => {
  const told = tell({ from: { registration: null }, to: { registration: { opens_at: 'a', closes_at: 'b' } } })
  expect(told.changes).toEqual([
    { name: 'registration.opens_at', from: '—', to: 'a' },
    { name: 'registration.closes_at', from: '—', to: 'b' },
  ])
})

it('single values are compared too', () => {
  expect(tell({ from: null, to: 7 })).toEqual({ changes: [{ name: '', from: '—', to: '7' }], facts: [] })
})

it('nothing is left out, however deep', () => {
  expect(tell({ a: { b: { c: 1 }, d: [] }, e: {} }).facts).toEqual([
    { name: 'a.b.c', value: '1' },
    { name: 'a.d', value: '[]' },
    { name: 'e', value: '{}' },
  ])
  expect(tell({})).toEqual({ changes: [], facts: [] })
})
