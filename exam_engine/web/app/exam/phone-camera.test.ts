import { expect, it } from 'vitest'
import { codeIn, isCode } from './phone-camera'

it.each([
  ['https://exam.example/app/#/camera?code=AbC-12_xyz', 'AbC-12_xyz'],
  ['#code=AbC-12_xyz', 'AbC-12_xyz'],
  [' AbC-12 _xyz\n', 'AbC-12_xyz'],
])('finds the code in %j', (text, code) => {
  expect(codeIn(text)).toBe(code)
  expect(isCode(codeIn(text))).toBe(true)
})

it('takes nothing else for a code', () => {
  expect(['', 'short', 'with space in', '<svg>'.repeat(3)].map(isCode)).toEqual([false, false, false, false])
})
