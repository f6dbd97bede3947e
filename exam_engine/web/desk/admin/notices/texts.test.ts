import { expect, it } from 'vitest'
import type { NoticeRow } from '../shapes'
import { inForce, isNewest, noticeFaults } from './texts'

const notice = (notice_id: number, province: string, version: number): NoticeRow => ({
  notice_id,
  province,
  version,
  title: '用户告知书',
  body: '正文',
  digest: '0'.repeat(64),
  published_at: '2026-01-01T00:00:00Z',
  by: '',
  agreed: 0,
})

it('a province’s own text is in force there, however new the nation’s is', () => {
  const notices = [notice(4, '00', 2), notice(3, '11', 2), notice(2, '11', 1), notice(1, '00', 1)]
  expect(inForce(notices, 'province')?.notice_id).toBe(3)
  expect(inForce(notices, 'nation')?.notice_id).toBe(4)
  expect(inForce([notice(1, '00', 1)], 'province')?.notice_id).toBe(1)
  expect(inForce([], 'province')).toBeNull()
  expect(notices.map((one) => isNewest(notices, one))).toEqual([true, true, false, false])
})

it('a new text has a title, says enough, and differs', () => {
  const base = { title: '用户告知书', body: '一二三四五六七八九十一二三四五六七八九十' }
  expect(noticeFaults({ title: ' ', body: '太短' }, base)).toEqual(['title', 'body'])
  expect(noticeFaults({ title: '用户告知书 ', body: base.body }, base)).toEqual(['unchanged'])
  expect(noticeFaults({ ...base, title: '新版' }, base)).toEqual([])
  expect(noticeFaults(base, null)).toEqual([])
})
