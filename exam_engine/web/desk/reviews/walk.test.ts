import { expect, it } from 'vitest'
import { aRow } from '../testing/review'
import { leftOf, nextWaiting, stepped } from './walk'

const rows = [aRow(1), aRow(2, { mine: false }), aRow(3, { opened_by: '测试员' }), aRow(4), aRow(5, { refused_by: 'own_file' })]
const next = (current: number | null, passed: number[] = []) => nextWaiting(rows, current, new Set(passed))?.file_id

it('goes down the queue, over what does not wait for this account', () => {
  expect(next(null)).toBe(1)
  expect(next(1)).toBe(4)
})

it('comes round to what was left above, and never to what was passed over', () => {
  expect(next(4)).toBe(1)
  expect(next(4, [1])).toBe(3)
  expect(next(4, [1, 3])).toBeUndefined()
})

it('takes what somebody else has on the screen only when nothing else is left', () => {
  expect(next(1, [4])).toBe(3)
})

it('begins at the head when the file is not in the list', () => {
  expect(next(99)).toBe(1)
})

it('counts what waits and was not passed over', () => {
  expect(leftOf(rows, new Set())).toBe(3)
  expect(leftOf(rows, new Set([1, 3, 4]))).toBe(0)
})

it('the cursor enters at the head and stays in the list', () => {
  expect(stepped(rows, null, 1)).toBe(1)
  expect(stepped(rows, 1, -1)).toBe(1)
  expect(stepped(rows, 4, 5)).toBe(5)
  expect(stepped([], null, 1)).toBeNull()
})
