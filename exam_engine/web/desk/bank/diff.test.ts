import { expect, it } from 'vitest'
import { changes, difference, type Segment, sideOf } from './diff'
import { content } from './testing/bank'

const text = (segments: readonly Segment[]): string =>
  segments.map((one) => ({ same: one.text, gone: `[-${one.text}]`, new: `[+${one.text}]` })[one.kind]).join('')

const TEXTS: [string, string, string][] = [
  ['相同', '相同', '相同'],
  ['', '新', '[+新]'],
  ['旧', '', '[-旧]'],
  ['血压135/85 mmHg', '血压140/85 mmHg', '血压[-135][+140]/85 mmHg'],
  ['剂量 2.5 mg', '剂量 25 mg', '剂量 [-2.5][+25] mg'],
  ['下列正确的是', '下列不正确的是', '下列[+不]正确的是'],
  ['心房颤动患者的典型体征', '心房扑动患者典型的体征', '心房[-颤][+扑]动患者[-的]典型[+的]体征'],
  ['𠮷', '吉', '[-𠮷][+吉]'],
]

it.each(TEXTS)('%s -> %s', (before, after, marked) => {
  expect(text(difference(before, after))).toBe(marked)
})

it('gives either text back', () => {
  const [one, other] = ['急性心肌梗死特异性最高的标志物', '心肌梗死最特异的标志物是']
  const found = difference(one, other)
  const whole = (side: 'before' | 'after'): string => sideOf(found, side).map((part) => part.text).join('')
  expect([whole('before'), whole('after')]).toEqual([one, other])
})

it('shows very long texts as replaced in the middle', () => {
  const found = difference(`头${'甲'.repeat(2_000)}尾`, `头${'乙'.repeat(2_000)}尾`)
  expect(found.map((one) => one.kind)).toEqual(['same', 'gone', 'new', 'same'])
})

it('names the fields that differ, options by letter', () => {
  const after = content({ options: ['甲', '己', '丙', '丁'], key: 'c', difficulty: 3 })
  expect(changes(content(), content())).toEqual([])
  expect(changes(content(), after).map((one) => one.field + one.letter)).toEqual(['optionB', 'optionE', 'key', 'difficulty'])
})
