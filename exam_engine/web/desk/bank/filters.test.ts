import { expect, it } from 'vitest'
import { askedOf, chosen, cleared, filterFrom, narrowedBy, queryOf } from './filters'

it('reads the address, and takes what it does not know for not given', () => {
  const filter = filterFrom({ pool: ' professional ', difficulty: '9', type: 'A12345', q: ['a', 'b'], other: 'x' })
  expect(filter).toMatchObject({ pool: 'professional', difficulty: '', type: 'A123', q: '' })
  expect(queryOf(filter)).toEqual({ pool: 'professional', type: 'A123' })
})

it('goes to the address and back unchanged', () => {
  const query = { pool: 'p', q: '心肌', status: 'active', topic: '专业/内科', difficulty: '3', flag: 'alarms' }
  expect(queryOf(filterFrom(query))).toEqual(query)
})

it('asks for a page only with its place', () => {
  const filter = filterFrom({ pool: 'p' })
  expect(askedOf(filter)).toEqual({ pool: 'p' })
  expect(askedOf(filter, 'here')).toEqual({ pool: 'p', after: 'here' })
})

it('forgets what another pool does not have, and keeps the rest', () => {
  const filter = filterFrom({ pool: 'p', topic: 'a/b', author: '测试', specialty: 'internal', status: 'draft' })
  expect(queryOf(chosen(filter, { pool: 'q' }))).toEqual({ pool: 'q', status: 'draft' })
  expect(chosen(filter, { pool: 'p', status: '' })).toMatchObject({ topic: 'a/b', status: '' })
})

it('counts and clears the filters beside the pool', () => {
  const filter = filterFrom({ pool: 'p', q: 'a', flag: 'mine' })
  expect(narrowedBy(filter)).toBe(2)
  expect(queryOf(cleared(filter))).toEqual({ pool: 'p' })
})
