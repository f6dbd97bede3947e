import { expect, it } from 'vitest'
import { size, sums } from './sums'

it('the report is summed', () => {
  const row = { at: '2026-01-01T00:00:00Z', reason: 'retention', attempts: 2, pictures: 60, bytes: 2048 }
  const other = { ...row, attempts: 1, pictures: 1, bytes: 1 }
  expect(sums([row, other])).toEqual({ attempts: 3, pictures: 61, bytes: 2049 })
  expect(sums([])).toEqual({ attempts: 0, pictures: 0, bytes: 0 })
})

it.each([
  [0, '0 B'],
  [980, '980 B'],
  [1_000, '1 KB'],
  [1_536, '1.5 KB'],
  [12 * 1024 ** 2, '12 MB'],
  [123.4 * 1024 ** 3, '123 GB'],
  [5000 * 1024 ** 4, '5000 TB'],
])('%i bytes are %s', (bytes, said) => expect(size(bytes)).toBe(said))
