import { expect, it } from 'vitest'
import { addOption, linesOf, moveOption, pasteOptions, pressKey, removeOption, retyped, same } from './content'
import { content } from './testing/bank'

it('keeps the key at its text when options come, go and move', () => {
  expect(addOption(content(), 0)).toMatchObject({ options: ['', '甲', '乙', '丙', '丁', '戊'], key: 'c' })
  expect(removeOption(content(), 0)).toMatchObject({ options: ['乙', '丙', '丁', '戊'], key: 'a' })
  expect(removeOption(content(), 1).key).toBe('')
  expect(moveOption(content(), 1, 1)).toMatchObject({ options: ['甲', '丙', '乙', '丁', '戊'], key: 'c' })
  expect(moveOption(content(), 4, 1)).toEqual(content())
})

it('has one right option, but of X several, in order', () => {
  expect(pressKey(content(), 3).key).toBe('d')
  const x = content({ type: 'X', key: 'd' })
  expect(pressKey(x, 0).key).toBe('ad')
  expect(pressKey(pressKey(x, 0), 3).key).toBe('a')
  expect(retyped(content({ type: 'X', key: 'bd' }), 'A1').key).toBe('b')
})

it('has no more options than letters', () => {
  const full = content({ options: Array<string>(26).fill('x') })
  expect(addOption(full)).toBe(full)
})

it('reads pasted lines as options, without their letters', () => {
  expect(linesOf('一行')).toBeNull()
  expect(linesOf('A. 甲\nB、乙\n\n（C）丙')).toEqual(['甲', '乙', '丙'])
  expect(linesOf('A 甲\nb')).toEqual(['A 甲', 'b'])
})

it('fills empty options and moves the others down', () => {
  const pasted = pasteOptions(content({ options: ['', '乙', '丙'], key: 'b' }), 0, ['一', '二'])
  expect(pasted).toMatchObject({ options: ['一', '二', '乙', '丙'], key: 'c' })
})

it('calls contents the same in whatever order their fields came', () => {
  const { stem, ...rest } = content({ pictures: [{ name: 'f', alt: '图' }] })
  expect(same({ ...rest, stem, pictures: [{ alt: '图', name: 'f' }] }, content({ pictures: [{ name: 'f', alt: '图' }] }))).toBe(true)
  expect(same(content(), content({ key: 'c' }))).toBe(false)
})
