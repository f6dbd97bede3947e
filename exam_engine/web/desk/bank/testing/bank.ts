/** Rows and details of items for tests. */

import { blank } from '../content'
import type { BankItemDetail, BankItemRow, DuplicatePair, ItemContent, NearRow } from '../shapes'

export function row(itemId: number, part: Partial<BankItemRow> = {}): BankItemRow {
  return {
    item_id: itemId,
    pool: 'professional',
    code: `T-${itemId}`,
    set_code: '',
    type: 'A1',
    topic: '专业/内科',
    difficulty: 2,
    category: '',
    specialties: [],
    level: '',
    stem: '测试题干',
    status: 'active',
    draft: '',
    version: 1,
    revision: 1,
    author: '测试命题员',
    changed_at: '2026-03-01T01:00:00Z',
    pictures: 0,
    exposed: 0,
    last_at: null,
    alarms: [],
    mine: false,
    returned: false,
    ...part,
  }
}

export function content(part: Partial<ItemContent> = {}): ItemContent {
  return blank('A1', { topic: '专业/内科', stem: '测试题干', options: ['甲', '乙', '丙', '丁', '戊'], key: 'b', ...part })
}

export function detail(itemId: number, part: Partial<BankItemDetail> = {}, of: Partial<BankItemRow> = {}): BankItemDetail {
  return {
    row: row(itemId, of),
    content: null,
    draft_content: content(),
    draft_version: null,
    base_changed: false,
    reason: '',
    problems: [],
    doubts: [],
    set: [],
    enemies: [],
    moves: [],
    versions: [],
    exposure: [],
    alarms: [],
    acts: ['edit'],
    refused_by: '',
    ...part,
  }
}

const near = (itemId: number, verdict: string): NearRow => ({
  item_id: itemId,
  code: `T-${itemId}`,
  status: 'active',
  stem: '测试题干',
  stem_percent: 90,
  options_percent: 80,
  verdict,
  differences: [],
})

export const pair = (ours: number, theirs: number, verdict = 'near'): DuplicatePair => ({
  ours: near(ours, verdict),
  theirs: near(theirs, verdict),
})
