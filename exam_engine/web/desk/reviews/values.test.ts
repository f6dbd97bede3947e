import { describe, expect, it } from 'vitest'
import type { FormField, FormShape } from '../wire'
import { changedIn, comparedTo, complaintText, documentTitle, fieldLabel, filesIn, newFiles, partsOf, placeOf, type Source } from './values'

const TEXTS: Record<string, string> = {
  'reg.section.profile.practice': '执业信息',
  'reg.field.profile.title': '职称',
  'reg.field.profile.moves.rows': '变更情况',
  'reg.field.profile.moves.kind': '变更类型',
  'reg.field.profile.moves.proof': '证明',
  'reg.field.profile.ethics_year': '{year}年医德考评',
  'reg.field.profile.born_on': '出生日期',
  'reg.option.title.chief': '主任医师',
  'reg.option.title.attending': '主治医师',
  'reg.option.practice_move.place': '变更执业地点',
  'reg.complaint.before': '不能早于“{field}”',
  'review.yes': '是',
  'review.no': '否',
  'review.ticked': '已勾选',
  'review.row_no': '第{n}条 {field}：',
}
const words = {
  te: (key: string) => key in TEXTS,
  t: (key: string, named: Record<string, unknown>) => (TEXTS[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(named[name])),
}
const field = (code: string, kind: FormField['kind'], part: Partial<FormField> = {}): FormField => ({ code, kind, ...part })

const form: FormShape = {
  code: 'profile',
  sections: [
    {
      code: 'practice',
      fields: [
        field('name', 'shown'),
        field('title', 'choice', { options: 'title' }),
        field('moved', 'yesno'),
        field('moves', 'rows', {
          only_if: ['moved', 'yes'],
          fields: [field('kind', 'choice', { options: 'practice_move' }), field('proof', 'files')],
        }),
        field('scan', 'files'),
        field('photo', 'photo'),
        field('declared', 'tick'),
        field('note', 'long'),
      ],
    },
  ],
}
const source = (part: Partial<Source> = {}): Source => ({
  form,
  values: { title: 'chief', moved: true, moves: [{ kind: 'place', proof: [9] }], scan: [3, 4], photo: 5, declared: true },
  shown: { name: '测试甲' },
  changes: [],
  problems: [],
  ...part,
})
const lineOf = (part: Partial<Source>, code: string) =>
  partsOf(source(part), words)[0]?.lines.find((line) => line.code === code)

describe('a form as it is read', () => {
  it('has no heading for a part nobody has to fill in and nobody did', () => {
    const report = { code: 'report', fields: [field('report', 'long')] }
    const shown = source({ form: { ...form, sections: [...form.sections, report] } })
    expect(partsOf(shown, words).map((part) => part.code)).toEqual(['practice'])
  })

  it('calls a photo by the name of its field, other documents by their own', () => {
    expect(documentTitle({ title: 'photo' }, words)).toBe(fieldLabel(words, 'profile', 'photo'))
    expect(documentTitle({ title: '证书.pdf' }, words)).toBe('证书.pdf')
  })

  it('has words for codes, and what comes from the certification beside what was typed', () => {
    expect(lineOf({}, 'title')).toMatchObject({ label: '职称', text: '主任医师' })
    expect(lineOf({}, 'name')).toMatchObject({ text: '测试甲' })
    expect(lineOf({}, 'moved')?.text).toBe('是')
    expect(lineOf({}, 'declared')?.text).toBe('已勾选')
    expect(lineOf({}, 'moves')?.rows[0]?.[0]).toMatchObject({ label: '变更类型', text: '变更执业地点' })
  })

  it('leaves out what was not asked, unless it was there before', () => {
    const values = { moved: false }
    expect(lineOf({ values }, 'moves')).toBeUndefined()
    const changes = [{ field: 'moves', before: [{ kind: 'place' }], after: [] }]
    expect(lineOf({ values, changes }, 'moves')?.before?.rows).toHaveLength(1)
  })

  it('leaves out a note that was left empty, unless there was one before', () => {
    expect(lineOf({}, 'note')).toBeUndefined()
    expect(lineOf({ values: { note: '测试' } }, 'note')?.text).toBe('测试')
    expect(lineOf({ changes: [{ field: 'note', before: '测试', after: null }] }, 'note')?.before?.text).toBe('测试')
  })

  it('shows what stood there before, also where nothing is left', () => {
    const changes = [{ field: 'title', before: 'attending', after: 'chief' }]
    expect(lineOf({ changes }, 'title')?.before?.text).toBe('主治医师')
    expect(lineOf({ changes: [{ field: 'title', before: null, after: 'chief' }] }, 'title')?.before?.text).toBe('')
    expect(lineOf({ changes: [] }, 'title')?.before).toBeNull()
    expect(changedIn(partsOf(source({ changes }), words))).toBe(1)
  })

  it('puts what the system noticed beside the value, in a table by its row', () => {
    const complaint = { field: 'moves.1.kind', code: 'before', facts: { field: 'born_on' }, soft: true }
    expect(lineOf({ problems: [complaint] }, 'moves')?.problems).toEqual([complaint])
    expect(complaintText(words, 'profile', complaint)).toBe('不能早于“出生日期”')
    expect(placeOf(words, 'profile', complaint)).toBe('第2条 变更类型：')
    expect(placeOf(words, 'profile', { field: 'title', code: 'missing' })).toBe('')
    expect(complaintText(words, 'profile', { field: 'x', code: 'brand_new' })).toBe('brand_new')
  })

  it('takes a newer server’s code as it is', () => {
    expect(lineOf({ values: { title: 'emeritus' } }, 'title')?.text).toBe('emeritus')
    expect(fieldLabel(words, 'profile', 'ethics_2026')).toBe('2026年医德考评')
    expect(fieldLabel(words, 'profile', 'unknown_field')).toBe('unknown_field')
  })
})

describe('the documents of a form', () => {
  it('come in its order, each with the field it belongs to', () => {
    const parts = partsOf(source(), words)
    expect([...filesIn(parts)]).toEqual([
      [9, '变更情况 1 · 证明'],
      [3, 'scan'],
      [4, 'scan'],
      [5, 'photo'],
    ])
  })

  it('are new when the field was changed and they were not in it before', () => {
    const changes = [
      { field: 'scan', before: [3], after: [3, 4] },
      { field: 'moves', before: [], after: [{ kind: 'place', proof: [9] }] },
    ]
    expect([...newFiles(partsOf(source({ changes }), words))].sort()).toEqual([4, 9])
    expect(newFiles(partsOf(source(), words)).size).toBe(0)
  })
})

it('the registry stands beside what was filled in', () => {
  const registry = { title: 'attending', name: '测试甲', practice_place: '测试医院', level: '' }
  expect(comparedTo(registry, source(), words)).toEqual([
    { code: 'title', label: '职称', given: '主任医师', registered: '主治医师', same: false },
    { code: 'name', label: 'name', given: '测试甲', registered: '测试甲', same: true },
    { code: 'institution', label: 'institution', given: '', registered: '测试医院', same: true },
  ])
})
