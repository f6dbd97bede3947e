import { expect, it } from 'vitest'
import { contentOf, edited, isDirty, memberOf, nextDirty, taken, versionBefore, withMine, withTheirs } from './saving'
import type { ItemContent } from './shapes'
import { content, detail, row } from './testing/bank'

const b1 = (part: Partial<ItemContent> = {}): ItemContent => content({ type: 'B1', set_code: 'S', ...part })
const set = (contents: ItemContent[]) =>
  contents.map((draft_content, at) => memberOf(detail(at + 1, { draft_content }, { revision: 5 })))

it('shows the working copy, else what is in force', () => {
  const force = content({ stem: '启用' })
  expect(contentOf(detail(1, { content: force, draft_content: content({ stem: '修改' }) })).stem).toBe('修改')
  expect(contentOf(detail(1, { content: force, draft_content: null })).stem).toBe('启用')
})

it('changes what a set shares in all its items, and other letters follow their texts', () => {
  const members = set([b1({ key: 'b' }), b1({ key: 'd' })])
  const moved = edited(members, 1, b1({ options: ['丁', '乙', '丙', '甲', '戊'], key: 'b' }))
  expect(moved.map((one) => one.content.key)).toEqual(['b', 'a'])
  expect(moved[1]?.content.options[0]).toBe('丁')
  const shorter = edited(members, 1, b1({ options: ['甲', '乙', '丙'] }))
  expect(shorter[1]?.content.key).toBe('')
  const reworded = edited(members, 1, b1({ options: ['甲', '乙', '丙', '丁二', '戊'] }))
  expect(reworded[1]?.content.key).toBe('d')
})

it('shares a case, but nothing else of a case set', () => {
  const members = set([content({ type: 'A3', set_code: 'S' }), content({ type: 'A3', set_code: 'S', stem: '二' })])
  const now = edited(members, 1, { ...members[0]!.content, case: '病例', stem: '一' })
  expect(now.map((one) => [one.content.case, one.content.stem])).toEqual([['病例', '一'], ['病例', '二']])
})

it('saves one after the other until nothing differs', () => {
  const members = edited(set([content(), content({ stem: '二' })]), 2, content({ stem: '三' }))
  expect(nextDirty(members)?.id).toBe(2)
  const sent = members[1]!.content
  const now = taken(members, 2, sent, detail(2, {}, { revision: 6 }))
  expect(nextDirty(now)).toBeNull()
  expect(now[1]?.revision).toBe(6)
})

it('counts what the server wrote into the others of a set as saved', () => {
  const sent = b1({ options: ['新', '乙', '丙', '丁', '戊'] })
  const members = edited(set([b1(), b1({ key: 'c' })]), 1, sent)
  expect(isDirty(members[1]!)).toBe(true)
  const now = taken(members, 1, sent, detail(1, { set: [row(2, { revision: 6 })] }, { revision: 6 }))
  expect(now.map((one) => [one.revision, isDirty(one)])).toEqual([[6, false], [6, false]])
})

it('keeps the old revision of one that somebody else changed, so that the server says so', () => {
  const members = edited(set([b1(), b1()]), 1, b1({ fixed_order: true }))
  const now = taken(members, 1, members[0]!.content, detail(1, { set: [row(2, { revision: 8 })] }, { revision: 6 }))
  expect(now[1]?.revision).toBe(5)
})

it('goes on with what was typed while a save was under way', () => {
  const members = edited(set([content()]), 1, content({ stem: '再写' }))
  const now = taken(members, 1, content({ stem: '写' }), detail(1, {}, { revision: 6 }))
  expect(nextDirty(now)?.content.stem).toBe('再写')
})

it('takes theirs, or writes mine upon theirs', () => {
  const members = edited(set([content()]), 1, content({ stem: '我的' }))
  const theirs = detail(1, { draft_content: content({ stem: '对方' }) }, { revision: 9 })
  expect(withTheirs(members, theirs)[0]).toMatchObject({ revision: 9, content: { stem: '对方' } })
  const mine = withMine(members, theirs)[0]!
  expect(mine).toMatchObject({ revision: 9, content: { stem: '我的' }, saved: { stem: '对方' } })
})

it('compares a version with the one before it', () => {
  const versions = [{ version: 1 }, { version: 4 }, { version: 2 }]
  expect(versionBefore(versions, 4)).toBe(2)
  expect(versionBefore(versions, 1)).toBeNull()
})
